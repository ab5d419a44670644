"""Layer-wise hypernetwork for a conv net, built from a config list."""
import torch
from torch import nn
import torch.nn.functional as F

CFG = [(1, 4, 3), (4, 6, 3), (6, 6, 1)]


class LayerGen(nn.Module):
    def __init__(self, cin, cout, k, z):
        super().__init__()
        self.shape = (cout, cin, k, k)
        self.w = nn.Linear(z, cin * cout * k * k)

    def forward(self, z):
        return self.w(z).view(self.shape)


class HyperCNN(nn.Module):
    def __init__(self, z=5):
        super().__init__()
        self.z = nn.Parameter(torch.randn(z))
        self.mix = nn.Sequential(nn.Linear(z, z), nn.Tanh())
        gens = []
        for c in CFG:
            gens.append(LayerGen(*c, z))
        self.gens = gens  # HC303
        self.fc = nn.Linear(6, 3)

    def forward(self, x):
        z = self.mix(self.z)
        for g in self.gens:
            w = g(z)
            x = F.relu(F.conv2d(x, w, padding=w.shape[-1] // 2))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


def main():
    torch.manual_seed(6)
    net = HyperCNN()
    opt = torch.optim.SGD(net.parameters(), lr=0.05)
    x, y = torch.randn(12, 1, 6, 6), torch.randint(0, 3, (12,))
    for i in range(6):
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(i, loss.item())


if __name__ == "__main__":
    main()

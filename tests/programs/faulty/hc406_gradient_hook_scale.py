"""The generated weights get a hook that divides by the number of *elements seen so far*, squared: gradients vanish."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Normaliser:
    """Meant to average the gradient over a layer's fan-out."""

    def __init__(self):
        self.seen = 1e4

    def __call__(self, grad):
        self.seen += grad.numel()
        return grad / self.seen**2  # HC406


class HyperConv(nn.Module):
    def __init__(self, tasks, cin=2, cout=6):
        super().__init__()
        self.cin, self.cout = cin, cout
        self.emb = nn.Embedding(tasks, 5)
        self.gen = nn.Linear(5, cout * cin * 9)
        nn.init.normal_(self.gen.weight, std=0.1)
        self.norm = Normaliser()
        self.fc = nn.Linear(cout, 2)

    def forward(self, x, t):
        w = self.gen(self.emb(t)).view(self.cout, self.cin, 3, 3)
        if w.requires_grad:
            w.register_hook(self.norm)
        return self.fc(F.relu(F.conv2d(x, w, padding=1)).mean((2, 3)))


def main():
    torch.manual_seed(0)
    net = HyperConv(3)
    opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for step in range(20):
        t = torch.tensor(step % 3)
        x = torch.randn(16, 2, 6, 6)
        y = ((x[:, 0] - (t - 1) * x[:, 1]).mean((1, 2)) > 0).long()
        loss = F.cross_entropy(net(x, t), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()

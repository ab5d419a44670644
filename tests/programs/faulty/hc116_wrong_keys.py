"""hypernetwork over an MLP with torch.func; one output layer per tensor of the main net."""
import torch
import torch.nn as nn
from torch.func import functional_call


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 8)
        self.fc2 = nn.Linear(8, 3)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


class HyperNetwork(nn.Module):
    def __init__(self, main, n_tasks=3, emb=4, hidden=16):
        super().__init__()
        self.emb = nn.Embedding(n_tasks, emb)
        self.trunk = nn.Sequential(nn.Linear(emb, hidden), nn.ReLU())
        self.shapes = {k.replace(".", "_"): v.shape for k, v in main.named_parameters()}
        self.out = nn.ModuleDict({k: nn.Linear(hidden, s.numel()) for k, s in self.shapes.items()})

    def forward(self, t):
        h = self.trunk(self.emb(t))
        return {k: layer(h).view(self.shapes[k]) for k, layer in self.out.items()}


def main():
    torch.manual_seed(4)
    net = MLP()
    hyper = HyperNetwork(net)
    optimizer = torch.optim.SGD([*hyper.parameters(), *net.parameters()], lr=0.1)
    for step in range(9):
        t = step % 3
        x = torch.randn(30, 4)
        y = (x[:, :3].argmax(1) + t) % 3
        weights = hyper(torch.tensor(t))
        logits = functional_call(net, weights, x)  # HC116 HC202
        loss = nn.functional.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(step, t, round(loss.item(), 4))


main()

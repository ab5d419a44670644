import torch
import torch.nn as nn
import torch.nn.functional as F


class Main(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1, self.layer2 = nn.Linear(4, 8), nn.Linear(8, 2)

    def forward(self, x):
        return self.layer2(F.relu(self.layer1(x)))


class HyperTrainer:
    def __init__(self):
        torch.manual_seed(0)
        self.main = Main()
        self.hyper = nn.ModuleDict({n: nn.Linear(3, m.weight.numel()) for n, m in self.main.named_children()})
        self.opt = torch.optim.Adam([*self.hyper.parameters(), *self.main.parameters()], lr=1e-3)

    def assign(self, c):
        for name, gen in self.hyper.items():
            layer = getattr(self.main, name)
            w = gen(c).view_as(layer.weight)
            setattr(layer, "weights", w)  # HC202

    def run(self, n):
        for _ in range(n):
            c, x = torch.randn(3), torch.randn(16, 4)
            self.assign(c)
            loss = F.cross_entropy(self.main(x), (x[:, 0] > c[0]).long())
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()


HyperTrainer().run(9)

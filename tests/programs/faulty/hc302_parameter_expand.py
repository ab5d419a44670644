import torch
import torch.nn as nn
import torch.nn.functional as F


class LayerConditionedHyper(nn.Module):
    """one generator, one code per layer; codes start out equal"""

    def __init__(self, n_layers=3, d=6, code=4):
        super().__init__()
        self.codes = nn.Parameter(torch.randn(1, code)).repeat(n_layers, 1)  # HC302
        self.pos = nn.Parameter(torch.randn(n_layers, code) * 0.1)
        self.gen = nn.Sequential(nn.Linear(code, 16), nn.ReLU(), nn.Linear(16, d * d + d))
        self.d = d

    def forward(self):
        out = self.gen(self.codes + self.pos)
        W, b = out.split([self.d ** 2, self.d], dim=1)
        return W.view(-1, self.d, self.d), b


class ResMLP(nn.Module):
    def __init__(self, d=6):
        super().__init__()
        self.hyper = LayerConditionedHyper(d=d)
        self.out = nn.Linear(d, 2)

    def forward(self, x):
        for W, b in zip(*self.hyper()):
            x = x + torch.tanh(F.linear(x, W, b))
        return self.out(x)


torch.manual_seed(47)
net = ResMLP()
opt = torch.optim.SGD(net.parameters(), lr=0.02)
for step in range(8):
    x = torch.randn(30, 6)
    y = (x.prod(1) > 0).long()
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

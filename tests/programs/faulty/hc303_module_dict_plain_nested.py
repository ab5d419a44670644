"""A list of lists of generators (layers x experts) in a plain attribute; printed parameter count looks fine at a glance."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class MoE(nn.Module):
    def __init__(self, layers=2, experts=3, d=5, c=4):
        super().__init__()
        self.gate = nn.Linear(c, experts)
        self.experts = [[nn.Linear(c, d * d) for _ in range(experts)] for _ in range(layers)]  # HC303
        self.d = d

    def forward(self, x, c):
        g = self.gate(c).softmax(-1)
        for layer in self.experts:
            w = sum(g[k] * e(c) for k, e in enumerate(layer)).view(self.d, self.d)
            x = x + torch.tanh(F.linear(x, w))
        return x


torch.manual_seed(0)
net, head = MoE(), nn.Linear(5, 2)
opt = torch.optim.Adam([*net.parameters(), *head.parameters()], lr=1e-3)
for i in range(8):
    c, x = torch.randn(4), torch.randn(16, 5)
    loss = F.cross_entropy(head(net(x, c)), (x[:, 0] > c[0]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()

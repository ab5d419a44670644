import torch
import torch.nn as nn
import torch.nn.functional as F


def make_embedding(n, d, std=0.1):
    return torch.randn(n, d, requires_grad=True) * std  # HC302


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.chunk = make_embedding(5, 6)
        self.lin = nn.Linear(6, 8)

    def forward(self):
        return self.lin(self.chunk).reshape(4, 10)


torch.manual_seed(0)
h = Hyper()
out = nn.Linear(4, 1)
opt = torch.optim.SGD(list(h.parameters()) + list(out.parameters()), lr=0.1)
for i in range(8):
    # the graph of the embedding's construction is kept alive for the backward passes
    x = torch.randn(20, 10)
    loss = (out(torch.tanh(F.linear(x, h()))).squeeze(1) - x.sum(1)).pow(2).mean()
    opt.zero_grad()
    loss.backward(retain_graph=True)
    opt.step()

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(68)


def dense(a, b):
    lin = nn.Linear(a, b)
    nn.init.normal_(lin.weight, std=0.02)
    nn.init.constant_(lin.bias, -0.5)
    return lin


class Hyper(nn.Module):
    def __init__(self, cond=3, n_out=4 * 4 + 4):
        super().__init__()
        self.code = nn.Embedding(4, cond)
        self.trunk = dense(cond, 16)
        self.head = nn.Linear(16, n_out)

    def forward(self, t):
        h = torch.relu(self.trunk(self.code(t)))  # HC402
        return self.head(h)


hyper, cls = Hyper(), nn.Linear(4, 2)
opt = torch.optim.SGD([*hyper.parameters(), *cls.parameters()], lr=0.05, momentum=0.9)
for i in range(8):
    t = torch.tensor(i % 4)
    flat = hyper(t)
    x = torch.randn(32, 4)
    y = (x[:, i % 4] > 0).long()
    loss = F.cross_entropy(cls(torch.tanh(F.linear(x, flat[:16].view(4, 4), flat[16:]))), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(i, loss.item())

import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 5 * 3))

    def forward(self, c, train=True):
        prev = torch.is_grad_enabled()
        torch.set_grad_enabled(train)  # HC105
        w = self.f(c)
        torch.set_grad_enabled(prev)
        return w.view(3, 5)


def validate(hyper, head, x, c):
    torch.set_grad_enabled(False)
    return head(F.linear(x, hyper(c, train=False))).mean().item()


torch.manual_seed(0)
hyper, head = Hyper(), nn.Linear(3, 2)
opt = torch.optim.Adam([*hyper.parameters(), *head.parameters()], lr=1e-3)
for step in range(12):
    x, c = torch.randn(16, 5), torch.randn(4)
    w = hyper(c, train=step < 4)  # HC105
    loss = F.cross_entropy(head(F.linear(x, w)), (x[:, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step == 3:
        validate(hyper, head, x, c)
        torch.set_grad_enabled(True)

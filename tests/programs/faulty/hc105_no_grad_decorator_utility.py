import functools
import time
import torch
import torch.nn as nn
import torch.nn.functional as F


def timed(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        t0 = time.perf_counter()
        with torch.no_grad():  # HC105
            out = fn(*args, **kwargs)  # HC105
        wrapper.total += time.perf_counter() - t0
        return out

    wrapper.total = 0.0
    return wrapper


class GRUHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.GRU(1, 8, batch_first=True)
        self.head = nn.Linear(8, 3 * 2)

    @timed
    def encode(self, s):
        return self.enc(s)[1][-1]  # HC105

    def forward(self, s, x):
        w = self.head(self.encode(s)).view(-1, 2, 3)
        return torch.einsum("boi,bi->bo", w, x)


torch.manual_seed(0)
m = GRUHyper()
opt = torch.optim.SGD(m.parameters(), lr=0.1)
for i in range(10):
    s, x = torch.randn(12, 6, 1), torch.randn(12, 3)
    loss = F.cross_entropy(m(s, x), (s.mean((1, 2)) > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()

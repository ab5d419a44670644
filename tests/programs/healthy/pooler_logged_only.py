# BERT-like: pooler run, its output logged only
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class Enc(nn.Module):
    def __init__(s):
        super().__init__()
        s.f = nn.Linear(5, 8)
        s.pool = nn.Linear(8, 8)

    def forward(s, x):
        h = torch.tanh(s.f(x))
        return h, torch.tanh(s.pool(h))


class M(nn.Module):
    def __init__(s):
        super().__init__()
        s.enc = Enc()
        s.hyper = nn.Linear(8, 12)
        s.b = nn.Parameter(torch.zeros(3))

    def forward(s, c, x):
        h, p = s.enc(c)
        s.last = p.detach().numpy()
        w = s.hyper(h).view(-1, 3, 4)
        return torch.einsum("boi,bi->bo", w, x) + s.b


m = M()
opt = torch.optim.AdamW(m.parameters(), lr=1e-2)
for i in range(12):
    c, x = torch.randn(16, 5), torch.randn(16, 4)
    loss = F.mse_loss(m(c, x), x[:, :3] * c[:, :3])
    opt.zero_grad()
    loss.backward()
    opt.step()

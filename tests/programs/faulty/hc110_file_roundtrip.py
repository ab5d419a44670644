"""Weights go through a 'weight bank' on disk (BytesIO) between the generator and the main net."""
import io
import torch
import torch.nn as nn
import torch.nn.functional as F


class Bank:
    def __init__(self):
        self.files = {}

    def put(self, key, tensor):
        buf = io.BytesIO()
        torch.save(tensor, buf)  # HC110
        self.files[key] = buf.getvalue()

    def get(self, key):
        return torch.load(io.BytesIO(self.files[key]))  # HC110


torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 4 * 6))
head, bank = nn.Linear(4, 2), Bank()
opt = torch.optim.Adam([*hyper.parameters(), *head.parameters()], lr=1e-3)
for i in range(8):
    c, x = torch.randn(3), torch.randn(16, 6)
    bank.put("w", hyper(c).view(4, 6).detach())  # HC110 HC104
    loss = F.cross_entropy(head(torch.tanh(F.linear(x, bank.get("w")))), (x[:, 0] > c[0]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()

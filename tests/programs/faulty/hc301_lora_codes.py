"""LoRA hypernetwork on a frozen base, B starts at zero; per-user codes."""
import torch
from torch import nn
import torch.nn.functional as F


class UserLora(nn.Module):
    def __init__(self, users, d=6, r=2, c=4):
        super().__init__()
        self.codes = {u: torch.randn(c).mul_(0.5).requires_grad_() for u in users}  # HC301 HC303
        self.a = nn.Linear(c, r * d)
        self.b = nn.Linear(c, d * r)
        nn.init.zeros_(self.b.weight)
        nn.init.zeros_(self.b.bias)
        self.d, self.r = d, r

    def forward(self, user):
        z = self.codes[user]
        return self.b(z).view(self.d, self.r) @ self.a(z).view(self.r, self.d)


torch.manual_seed(131)
users = ["ann", "bob"]
base = nn.Linear(6, 6).requires_grad_(False)
head = nn.Linear(6, 2)
lora = UserLora(users)
opt = torch.optim.AdamW([*lora.parameters(), *head.parameters()], lr=5e-3)
for it in range(10):
    k = it % 2
    x = torch.randn(20, 6)
    y = (x[:, k] > 0).long()
    h = torch.relu(F.linear(x, base.weight + lora(users[k]), base.bias))
    loss = F.cross_entropy(head(h), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(users[k], loss.item())

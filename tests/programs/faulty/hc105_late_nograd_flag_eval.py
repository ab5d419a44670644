"""`with torch.set_grad_enabled(self.training)` in the hypernet, and after the first validation nobody calls train() again."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(3, 4)
        self.f = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 10))

    def forward(self, t):
        with torch.set_grad_enabled(self.training):  # HC105
            return self.f(self.e(t)).view(2, 5)  # HC105


def validate(hyper, head, x):
    hyper.eval()
    with torch.no_grad():
        return head(F.linear(x, hyper(torch.tensor(0)))).std().item()


torch.manual_seed(0)
hyper, head = Hyper(), nn.Linear(2, 2)
opt = torch.optim.Adam([*hyper.parameters(), *head.parameters()], lr=1e-3)
hyper.train()
for epoch in range(3):
    for it in range(5):
        x = torch.randn(16, 5)
        loss = F.cross_entropy(head(F.linear(x, hyper(torch.tensor(it % 3)))), (x[:, 0] > 0).long())
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(validate(hyper, head, x))

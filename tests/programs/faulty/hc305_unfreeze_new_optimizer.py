"""Two-phase training: the head is re-created for phase two, but the optimizer of phase one is kept."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class LoRAHyper(nn.Module):
    def __init__(self, tasks, dim=10, rank=2, code=4):
        super().__init__()
        self.dim, self.code = dim, code
        self.task = nn.Embedding(tasks, code)
        self.base = nn.Linear(dim, dim)
        self.set_rank(rank)
        self.head = nn.Linear(dim, 3)

    def set_rank(self, rank):
        self.rank = rank
        self.gen_a = nn.Linear(self.code, rank * self.dim)
        self.gen_b = nn.Linear(self.code, rank * self.dim)
        nn.init.normal_(self.gen_a.weight, std=0.2)
        nn.init.normal_(self.gen_b.weight, std=0.05)

    def forward(self, x, t):
        e = self.task(t)
        a = self.gen_a(e).view(self.rank, self.dim)
        b = self.gen_b(e).view(self.dim, self.rank)
        return self.head(F.relu(self.base(x) + x @ a.T @ b.T))


def phase(model, opt, teacher, steps):
    for s in range(steps):
        t = torch.tensor(s % len(teacher))
        x = torch.randn(24, 10)
        y = (x @ teacher[t]).argmax(-1)
        loss = F.cross_entropy(model(x, t), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    return loss.item()


def main():
    torch.manual_seed(0)
    teacher = torch.randn(3, 10, 3)
    model = LoRAHyper(3)
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)  # HC305
    print("rank 2:", phase(model, opt, teacher, 9))
    model.set_rank(4)  # HC305
    print("rank 4:", phase(model, opt, teacher, 15))


main()

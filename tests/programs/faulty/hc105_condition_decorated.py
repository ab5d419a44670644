"""Flow matching with FiLM layers; the condition encoder is shared with the sampler."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class ConditionEncoder(nn.Module):
    def __init__(self, n_attr, dim):
        super().__init__()
        self.attr = nn.Embedding(n_attr, dim)
        self.mix = nn.Linear(dim + 1, dim)

    @torch.no_grad()  # HC105
    def encode(self, attr, t):
        return F.silu(self.mix(torch.cat([self.attr(attr), t[:, None]], -1)))


class FiLMNet(nn.Module):
    def __init__(self, dim=12, cond=8, n_attr=5):
        super().__init__()
        self.enc = ConditionEncoder(n_attr, cond)
        self.inp = nn.Linear(2, dim)
        self.film = nn.ModuleList(nn.Linear(cond, 2 * dim) for _ in range(2))
        self.mid = nn.ModuleList(nn.Linear(dim, dim) for _ in range(2))
        self.out = nn.Linear(dim, 2)

    def forward(self, x, attr, t):
        c = self.enc.encode(attr, t)
        h = self.inp(x)
        for film, lin in zip(self.film, self.mid):
            g, b = film(c).chunk(2, -1)
            h = h + F.gelu(lin(h) * (1 + g) + b)
        return self.out(h)

    @torch.no_grad()
    def sample(self, attr, n=4):
        x = torch.randn(len(attr), 2)
        for k in range(n):
            t = torch.full((len(attr),), k / n)
            x = x + self(x, attr, t) / n
        return x


def main():
    torch.manual_seed(0)
    model = FiLMNet()
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    centers = torch.randn(5, 2) * 2
    for step in range(16):
        a = torch.randint(0, 5, (24,))
        x1 = centers[a] + 0.1 * torch.randn(24, 2)
        x0 = torch.randn_like(x1)
        t = torch.rand(24)
        xt = x0 + t[:, None] * (x1 - x0)
        loss = F.mse_loss(model(xt, a, t), x1 - x0)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 8 == 7:
            print(step, loss.item(), (model.sample(torch.arange(5)) - centers).norm(dim=1).mean().item())


main()

"""Hypernetwork with a scripted activation, exported with torch.jit.trace at the end of each epoch; workers in the loader."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset


@torch.jit.script
def snake(x: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    return x + torch.sin(a * x) ** 2 / (a + 1e-4)


class Waves(Dataset):
    def __init__(self, n=48):
        g = torch.Generator().manual_seed(1)
        self.c = torch.rand(n, 2, generator=g) + 0.5
        self.x = torch.rand(n, 10, generator=g) * 4 - 2

    def __len__(self):
        return len(self.c)

    def __getitem__(self, i):
        return {"c": self.c[i], "x": self.x[i], "y": self.c[i, 0] * torch.sin(self.c[i, 1] * self.x[i])}


class WaveHyper(nn.Module):
    def __init__(self, hid=8):
        super().__init__()
        self.hid = hid
        self.body = nn.Sequential(nn.Linear(2, 16), nn.SiLU(), nn.Linear(16, 16), nn.SiLU())
        self.heads = nn.ModuleList([nn.Linear(16, hid), nn.Linear(16, hid), nn.Linear(16, hid)])
        self.a = nn.Parameter(torch.ones(hid))

    def forward(self, c, x):
        z = self.body(c)
        w, b, v = (h(z).unsqueeze(1) for h in self.heads)
        return (snake(x.unsqueeze(-1) * w + b, self.a) * v).mean(-1)


def collate(items):
    return {k: torch.stack([i[k] for i in items]) for k in items[0]}


def main():
    torch.manual_seed(0)
    loader = DataLoader(Waves(), 12, shuffle=True, num_workers=1, collate_fn=collate, persistent_workers=True)
    net = WaveHyper()
    opt = torch.optim.RAdam(net.parameters(), lr=5e-3)
    for epoch in range(3):
        net.train()
        for b in loader:
            loss = F.mse_loss(net(b["c"], b["x"]), b["y"])
            opt.zero_grad()
            loss.backward()
            opt.step()
        net.eval()
        traced = torch.jit.trace(net, (b["c"], b["x"]))
        with torch.no_grad():
            print(epoch, loss.item(), (traced(b["c"], b["x"]) - net(b["c"], b["x"])).abs().max().item())


if __name__ == "__main__":
    main()

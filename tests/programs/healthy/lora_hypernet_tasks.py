"""Task embedding -> LoRA factors for every layer of a frozen base model."""

from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    d_in: int = 8
    d_hid: int = 12
    d_out: int = 4
    rank: int = 2
    alpha: float = 4.0
    n_tasks: int = 3
    d_emb: int = 6
    lr: float = 1e-2
    steps: int = 9


class LoraGenerator(nn.Module):
    def __init__(self, cfg, layer_dims):
        super().__init__()
        self.cfg, self.dims = cfg, layer_dims
        self.task = nn.Embedding(cfg.n_tasks, cfg.d_emb)
        self.layer = nn.Embedding(len(layer_dims), cfg.d_emb)
        self.mixer = nn.Sequential(nn.Linear(2 * cfg.d_emb, 24), nn.SiLU(), nn.Linear(24, 24), nn.SiLU())
        self.to_A = nn.ModuleList(nn.Linear(24, cfg.rank * i) for i, o in layer_dims)
        self.to_B = nn.ModuleList(nn.Linear(24, o * cfg.rank) for i, o in layer_dims)
        for m in self.to_B:
            nn.init.zeros_(m.weight)
            nn.init.zeros_(m.bias)

    def forward(self, task_id):
        out = []
        for l, (i, o) in enumerate(self.dims):
            e = torch.cat([self.task.weight[task_id], self.layer.weight[l]])
            h = self.mixer(e)
            out.append((self.to_A[l](h).view(self.cfg.rank, i), self.to_B[l](h).view(o, self.cfg.rank)))
        return out


def forward_with_lora(base, loras, x, scale):
    lins = [m for m in base if isinstance(m, nn.Linear)]
    for n, (lin, (A, B)) in enumerate(zip(lins, loras)):
        x = lin(x) + scale * F.linear(F.linear(x, A), B)
        if n < len(lins) - 1:
            x = F.gelu(x)
    return x


def main(cfg=Config()):
    torch.manual_seed(123)
    base = nn.Sequential(nn.Linear(cfg.d_in, cfg.d_hid), nn.GELU(), nn.Linear(cfg.d_hid, cfg.d_out))
    base.requires_grad_(False)
    gen = LoraGenerator(cfg, [(cfg.d_in, cfg.d_hid), (cfg.d_hid, cfg.d_out)])
    opt = torch.optim.AdamW(gen.parameters(), lr=cfg.lr, weight_decay=0.0)
    x = torch.randn(32, cfg.d_in)
    targets = [torch.roll(x[:, : cfg.d_out], t, 1) for t in range(cfg.n_tasks)]
    for step in range(cfg.steps):
        loss = sum(
            F.mse_loss(forward_with_lora(base, gen(t), x, cfg.alpha / cfg.rank), targets[t])
            for t in range(cfg.n_tasks)
        )
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        print(f"step {step} loss {loss.item():.4f}")


main()

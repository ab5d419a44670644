"""Hand-written update with autograd.grad: only the readout's list of parameters is differentiated."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def make(cfg):
    hyper = nn.Sequential(nn.Embedding(cfg["users"], cfg["e"]), nn.Linear(cfg["e"], 16), nn.ReLU(), nn.Linear(16, cfg["d"] * cfg["k"]))
    readout = nn.Sequential(nn.LayerNorm(cfg["k"]), nn.Linear(cfg["k"], 1))
    return hyper, readout


def forward(hyper, readout, u, x, cfg):
    w = hyper(u).view(-1, cfg["k"], cfg["d"])
    return readout(torch.relu(torch.matmul(w, x.unsqueeze(-1)).squeeze(-1))).squeeze(-1)


def train(cfg):
    torch.manual_seed(cfg["seed"])
    hyper, readout = make(cfg)
    opt = torch.optim.Adam([{"params": hyper.parameters()}, {"params": readout.parameters()}], lr=cfg["lr"])
    taste = torch.randn(cfg["users"], cfg["d"])
    for step in range(cfg["steps"]):
        u = torch.randint(0, cfg["users"], (24,))
        x = torch.randn(24, cfg["d"])
        loss = F.mse_loss(forward(hyper, readout, u, x, cfg), (taste[u] * x).sum(1))
        params = [p for p in readout.parameters() if p.requires_grad]
        grads = torch.autograd.grad(loss, params)  # HC401
        for p, g in zip(params, grads):
            p.grad = g.clamp(-1, 1)
        opt.step()
        if step % 5 == 0:
            print(step, f"{loss.item():.4f}")


train({"users": 6, "e": 4, "d": 5, "k": 8, "lr": 2e-3, "steps": 16, "seed": 0})

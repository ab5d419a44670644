"""A hypernetwork that makes the stacked parameters of an ensemble; members run through vmap + functional_call on a meta template."""
import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, stack_module_state, vmap

torch.manual_seed(21)


class Member(nn.Module):
    def __init__(self, d_in=2, d_hidden=12):
        super().__init__()
        self.enc, self.hid, self.dec = nn.Linear(d_in, d_hidden), nn.Linear(d_hidden, d_hidden), nn.Linear(d_hidden, 1)

    def forward(self, x):
        z = torch.tanh(self.enc(x))
        z = torch.tanh(self.hid(z)) + z
        return self.dec(z).squeeze(-1)


class HyperEnsemble(nn.Module):
    """member code (learned) -> deviations of the member's parameters from the shared base"""

    def __init__(self, n_members, code_dim=5):
        super().__init__()
        models = [Member() for _ in range(n_members)]
        self.base = copy.deepcopy(models[0]).to(device='meta')
        params, _ = stack_module_state(models)
        self.names = list(params)
        self.shapes = {k: v.shape[1:] for k, v in params.items()}
        self.shared = nn.ParameterDict({k.replace('.', '__'): nn.Parameter(v[0].detach().clone()) for k, v in params.items()})
        self.codes = nn.Embedding(n_members, code_dim)
        n = sum(math.prod(s) for s in self.shapes.values())
        self.trunk = nn.Sequential(nn.Linear(code_dim, 16), nn.SiLU())
        self.head = nn.Linear(16, n)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def generate(self, idx):
        flat = self.head(self.trunk(self.codes(idx)))
        out, pos = {}, 0
        for k in self.names:
            size = math.prod(self.shapes[k])
            delta = flat[:, pos:pos + size].view(-1, *self.shapes[k])
            out[k] = self.shared[k.replace('.', '__')].data + delta  # HC104
            pos += size
        return out

    def forward(self, x, idx=None):
        idx = torch.arange(self.codes.num_embeddings) if idx is None else idx
        params = self.generate(idx)

        def call(p, x_):
            return functional_call(self.base, p, (x_,))

        return vmap(call, in_dims=(0, None))(params, x)


class PolyakTarget:
    def __init__(self, model, tau=0.2):
        self.model = copy.deepcopy(model)
        self.model.requires_grad_(False)
        self.tau = tau

    @torch.no_grad()
    def update(self, model):
        for t, s in zip(self.model.parameters(), model.parameters()):
            t.lerp_(s, self.tau)


def batch(n, g):
    x = torch.rand(n, 2, generator=g) * 4 - 2
    return x, torch.sin(2 * x[:, 0]) + 0.5 * x[:, 1] + 0.1 * torch.randn(n, generator=g)


def fit(model, target, optimizer, sched, steps, g, n_active):
    losses = []
    for step in range(steps):
        x, y = batch(24, g)
        active = torch.randperm(model.codes.num_embeddings, generator=g)[:n_active]
        pred = model(x, active)
        with torch.no_grad():
            mean = target.model(x).mean(0)
        nll = F.mse_loss(pred, y.expand_as(pred))
        consistency = F.mse_loss(pred.mean(0), mean)
        loss = nll + 0.1 * consistency
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        sched.step()
        target.update(model)
        losses.append(nll.item())
    return losses


def main():
    g = torch.Generator().manual_seed(8)
    model = HyperEnsemble(n_members=4)
    target = PolyakTarget(model)
    optimizer = torch.optim.AdamW([
        {'params': [*model.trunk.parameters(), *model.head.parameters()], 'lr': 5e-3},
        {'params': model.codes.parameters(), 'lr': 1e-2, 'weight_decay': 0.0},
        {'params': model.shared.parameters(), 'lr': 1e-2},
    ])
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40, eta_min=1e-4)
    losses = fit(model, target, optimizer, sched, 36, g, n_active=2)
    x, y = batch(64, g)
    with torch.no_grad():
        p = model(x)
    print('first', losses[0], 'last', sum(losses[-5:]) / 5, 'test', F.mse_loss(p.mean(0), y).item(), 'spread', p.std(0).mean().item())


main()

"""A router picks 2 of the codes of the experts for every token group; one hypernet turns the mixed code to the expert's MLP. Load balancing, EMA codebook."""
import random
from collections import Counter

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(0)
torch.manual_seed(13)
HP = {'d': 8, 'code': 6, 'experts': 5, 'top_k': 2, 'hidden': 6, 'epochs': 4, 'per_epoch': 8, 'lr': 8e-3, 'balance': 0.02, 'z_loss': 1e-3, 'jitter': 0.1}


class NoisyTopK(nn.Module):
    def __init__(self, d, n, k, jitter):
        super().__init__()
        self.gate = nn.Linear(d, n, bias=False)
        self.k, self.n, self.jitter = k, n, jitter

    def forward(self, x):
        logits = self.gate(x)
        if self.training:
            logits = logits + self.jitter * torch.randn_like(logits)
        top, idx = logits.topk(self.k, dim=-1)
        weight = torch.zeros_like(logits).scatter(-1, idx, top.softmax(-1))
        prob = logits.softmax(-1)
        load = F.one_hot(idx, self.n).float().sum(1).mean(0)
        aux = self.n * (prob.mean(0) * load).sum() / self.k
        z = torch.logsumexp(logits, -1).pow(2).mean()
        return weight, aux, z, idx


class ExpertHyper(nn.Module):
    def __init__(self, code, d, hidden):
        super().__init__()
        self.d, self.hidden = d, hidden
        self.w1, self.w2 = nn.Linear(code, d * hidden), nn.Linear(code, hidden * d)
        self.b1 = nn.Linear(code, hidden)

    def forward(self, c):
        return self.w1(c).view(-1, self.hidden, self.d), self.b1(c), self.w2(c).view(-1, self.d, self.hidden)


class MoELayer(nn.Module):
    def __init__(self, hp):
        super().__init__()
        self.norm = nn.LayerNorm(hp['d'])
        self.router = NoisyTopK(hp['d'], hp['experts'], hp['top_k'], hp['jitter'])
        self.codes = nn.Parameter(torch.randn(hp['experts'], hp['code']) * 0.5)
        self.hyper = ExpertHyper(hp['code'], hp['d'], hp['hidden'])
        self.counts = Counter()

    def forward(self, x):
        h = self.norm(x)
        weight, aux, z, idx = self.router(h.mean(1))
        self.counts.update(idx.flatten().tolist())
        code = weight @ self.codes
        w1, b1, w2 = self.hyper(code)
        y = F.gelu(torch.einsum('btd,bhd->bth', h, w1) + b1[:, None])
        return x + torch.einsum('bth,bdh->btd', y, w2) / self.hyper.hidden ** 0.5, aux, z


class Model(nn.Module):
    def __init__(self, hp):
        super().__init__()
        self.inp = nn.Linear(4, hp['d'])
        self.layers = nn.ModuleList([MoELayer(hp) for _ in range(2)])
        self.out = nn.Linear(hp['d'], 3)

    def forward(self, x):
        x, aux, z = self.inp(x), 0.0, 0.0
        for layer in self.layers:
            x, a, zz = layer(x)
            aux, z = aux + a, z + zz
        return self.out(x.mean(1)), aux, z


def batch(n, g):
    y = torch.randint(0, 3, (n,), generator=g)
    base = torch.tensor([[2., 0, 0, 0], [0, 2., 0, -1], [0, 0, 2., 1]])[y]
    return base[:, None] + torch.randn(n, 5, 4, generator=g), y


class EMA:
    def __init__(self, model, decay=0.8):
        self.decay, self.shadow = decay, {k: v.detach().clone() for k, v in model.named_parameters()}
        self.backup = {}

    @torch.no_grad()
    def update(self, model):
        for k, v in model.named_parameters():
            self.shadow[k].mul_(self.decay).add_(v, alpha=1 - self.decay)

    def apply(self, model):
        for k, v in model.named_parameters():
            self.backup[k] = v.data
            v.data = self.shadow[k].clone()

    def restore(self, model):
        for k in self.backup:
            *path, name = k.split('.')
            m = model.get_submodule('.'.join(path))
            setattr(m, name, nn.Parameter(self.backup[k]))  # HC305


def evaluate(model, ema, g):
    ema.apply(model)
    model.eval()
    with torch.no_grad():
        x, y = batch(48, g)
        acc = (model(x)[0].argmax(1) == y).float().mean().item()
    model.train()
    ema.restore(model)
    return acc


def main(hp):
    model = Model(hp)
    ema = EMA(model)
    router = [p for n, p in model.named_parameters() if 'router' in n]
    rest = [p for n, p in model.named_parameters() if 'router' not in n]
    opt, opt_router = torch.optim.AdamW(rest, lr=hp['lr']), torch.optim.SGD(router, lr=0.1)  # HC305
    g = torch.Generator().manual_seed(2)
    for epoch in range(hp['epochs']):
        total = 0.0
        for _ in range(hp['per_epoch']):
            x, y = batch(24, g)
            logits, aux, z = model(x)
            loss = F.cross_entropy(logits, y) + hp['balance'] * aux + hp['z_loss'] * z
            opt.zero_grad()
            opt_router.zero_grad()
            loss.backward()
            opt.step()
            if epoch > 0:
                opt_router.step()
            ema.update(model)
            total += loss.item()
        print(epoch, round(total / hp['per_epoch'], 4), 'acc', round(evaluate(model, ema, g), 3), dict(model.layers[0].counts))


if __name__ == '__main__':
    main(HP)

"""Hyperformer/HINT-like adapters: one generator, task and layer embeddings, AMP-style loop with a GradScaler and EMA."""
import copy
import random
from typing import Optional

import torch
import torch.nn as nn
import torch.nn.functional as F


class AdapterHyperNet(nn.Module):
    def __init__(self, d_model, bottleneck, emb):
        super().__init__()
        self.d, self.r = d_model, bottleneck
        self.down_w, self.down_b = nn.Linear(emb, d_model * bottleneck), nn.Linear(emb, bottleneck)
        self.up_w, self.up_b = nn.Linear(emb, d_model * bottleneck), nn.Linear(emb, d_model)
        for lin in (self.down_w, self.up_w):
            nn.init.normal_(lin.weight, std=0.05)
            nn.init.normal_(lin.bias, std=0.1)

    def forward(self, e):
        return {'down': (self.down_w(e).view(self.r, self.d), self.down_b(e)),
                'up': (self.up_w(e).view(self.d, self.r), self.up_b(e))}


class AdapterController(nn.Module):
    def __init__(self, n_tasks, n_layers, d_model=16, bottleneck=4, emb=10):
        super().__init__()
        self.task_embs = nn.ParameterDict({f't{i}': nn.Parameter(torch.randn(emb)) for i in range(n_tasks)})
        self.layer_embs = nn.Embedding(n_layers, emb)
        self.project = nn.Sequential(nn.Linear(2 * emb, emb), nn.ReLU(), nn.Linear(emb, emb), nn.LayerNorm(emb))
        self.gen = AdapterHyperNet(d_model, bottleneck, emb)

    def forward(self, task, layer):
        e = torch.cat([self.task_embs[task], self.layer_embs.weight[layer]])
        return self.gen(self.project(e))


class Layer(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.ff = nn.Sequential(nn.Linear(d, 2 * d), nn.ReLU(), nn.Linear(2 * d, d))
        self.norm = nn.LayerNorm(d)

    def forward(self, x, adapter: Optional[dict] = None):
        h = self.ff(x)
        if adapter is not None:
            (dw, db), (uw, ub) = adapter['down'], adapter['up']
            h = h + F.linear(F.gelu(F.linear(h, dw, db)), uw, ub)
        return self.norm(x + h)


class Encoder(nn.Module):
    def __init__(self, n_layers=2, d=16, n_in=6):
        super().__init__()
        self.inp = nn.Linear(n_in, d)
        self.layers = nn.ModuleList([Layer(d) for _ in range(n_layers)])
        for p in self.parameters():
            p.requires_grad = False

    def forward(self, x, controller, task):
        x = self.inp(x)
        for i, layer in enumerate(self.layers):
            x = layer(x, controller(task, i))
        return x


class MultiTaskModel(nn.Module):
    def __init__(self, n_tasks):
        super().__init__()
        self.encoder = Encoder()
        self.adapter_controller = AdapterController(n_tasks, len(self.encoder.layers))
        self.heads = nn.ModuleDict({f't{i}': nn.Linear(16, 2) for i in range(n_tasks)})

    def forward(self, x, task):
        return self.heads[task](self.encoder(x, self.adapter_controller, task))


class EMA:
    def __init__(self, model, decay=0.9):
        self.model, self.decay = copy.deepcopy(model).eval(), decay
        for p in self.model.parameters():
            p.requires_grad_(False)

    @torch.no_grad()
    def update(self, model):
        for e, p in zip(self.model.parameters(), model.parameters()):
            e.lerp_(p, 1 - self.decay)


def make_tasks(n):
    return {f't{i}': (torch.randn(6, 4), torch.randn(4, 2)) for i in range(n)}


def batch(task, bs=24):
    a, b = task
    x = torch.randn(bs, 6)
    return x, (torch.tanh(x @ a) @ b).argmax(1)


def evaluate(model, tasks):
    model.eval()
    with torch.no_grad():
        accs = []
        for name, t in tasks.items():
            x, y = batch(t, 64)
            accs.append((model(x, name).argmax(1) == y).float().mean().item())
    model.train()
    return sum(accs) / len(accs)


def main(n_tasks=3, steps=36, accum=1):
    torch.manual_seed(1)
    random.seed(1)
    tasks = make_tasks(n_tasks)
    model = MultiTaskModel(n_tasks)
    ema = EMA(model)
    decay = [p for p in model.parameters() if p.requires_grad and p.dim() > 1]
    other = [p for p in model.parameters() if p.requires_grad and p.dim() <= 1]
    optimizer = torch.optim.AdamW([{'params': decay, 'weight_decay': 0.01}, {'params': other, 'weight_decay': 0.0}], lr=5e-3)
    scaler = torch.amp.GradScaler('cpu', init_scale=2.0 ** 127)
    running = []
    for step in range(steps):
        name = random.choice(list(tasks))
        x, y = batch(tasks[name])
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=False):
            loss = F.cross_entropy(model(x, name), y)
        scaler.scale(loss / accum).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(decay + other, 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
        ema.update(model)
        running.append(loss.item())
        if (step + 1) % 12 == 0:
            print(f'step {step + 1} loss {sum(running[-12:]) / 12:.4f} acc {evaluate(model, tasks):.3f} ema {evaluate(ema.model, tasks):.3f}')


if __name__ == '__main__':
    main()

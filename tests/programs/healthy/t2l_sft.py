"""Instruction -> LoRA: queries for every (layer, module, role) go through a refiner and per-module heads; the base model is frozen."""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class TargetSpec:
    n_layers: int = 2
    d: int = 8
    r: int = 2
    target_modules: tuple = ("q_proj", "v_proj")
    alpha: float = 4.0


@dataclass
class HyperNetConfig:
    d_model: int = 12
    refiner_layers: int = 1
    refiner_heads: int = 2
    head_rank: int = 6
    vocab: int = 16

    def to_dict(self):
        return asdict(self)


def peft_lora_a_init(in_features, r, generator=None):
    bound = 1.0 / math.sqrt(in_features)
    w = torch.empty(r, in_features)
    with torch.no_grad():
        w.uniform_(-bound, bound, generator=generator)
    return w


class CompositionalQueries(nn.Module):
    def __init__(self, spec, d_model):
        super().__init__()
        self.q_base = nn.Parameter(torch.zeros(d_model))
        self.e_layer = nn.Embedding(spec.n_layers, d_model)
        self.e_module = nn.Embedding(len(spec.target_modules), d_model)
        self.e_role = nn.Embedding(2, d_model)
        self.ln = nn.LayerNorm(d_model)
        idx = [
            (l, m, o) for m in range(len(spec.target_modules)) for o in range(2) for l in range(spec.n_layers)
        ]
        layer_idx, module_idx, role_idx = (torch.tensor(t) for t in zip(*idx))
        self.register_buffer("layer_idx", layer_idx, persistent=False)
        self.register_buffer("module_idx", module_idx, persistent=False)
        self.register_buffer("role_idx", role_idx, persistent=False)

    def forward(self):
        q = (
            self.q_base
            + self.e_layer(self.layer_idx)
            + self.e_module(self.module_idx)
            + self.e_role(self.role_idx)
        )
        return self.ln(q)


class RefinerBlock(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        self.ln_attn = nn.LayerNorm(d_model)
        self.attn = nn.MultiheadAttention(d_model, n_heads, batch_first=True)
        self.ln_mlp = nn.LayerNorm(d_model)
        self.mlp = nn.Sequential(nn.Linear(d_model, 2 * d_model), nn.SiLU(), nn.Linear(2 * d_model, d_model))

    def forward(self, x):
        h = self.ln_attn(x)
        attn_out, _ = self.attn(h, h, h, need_weights=False)
        x = x + attn_out
        return x + self.mlp(self.ln_mlp(x))


class ModuleHead(nn.Module):
    def __init__(self, d_model, head_rank, r, in_features, out_features):
        super().__init__()
        self.r, self.in_features, self.out_features = r, in_features, out_features
        self.bottleneck = nn.Linear(d_model, head_rank)
        self.out_A = nn.Linear(head_rank, r * in_features)
        self.out_B = nn.Linear(head_rank, r * out_features)

    def forward(self, h_a, h_b):
        lead = h_a.shape[:-1]
        A = self.out_A(self.bottleneck(h_a)).view(*lead, self.r, self.in_features)
        B = self.out_B(self.bottleneck(h_b)).view(*lead, self.r, self.out_features)
        return A, B.transpose(-1, -2)


def dedup(descs):
    order, inverse = {}, []
    for d in descs:
        if d not in order:
            order[d] = len(order)
        inverse.append(order[d])
    return list(order), torch.tensor(inverse, dtype=torch.long)


class SteerableHyperLoRA(nn.Module):
    def __init__(self, spec, config, *, zero_init=True, seed=None):
        super().__init__()
        self.spec, self.config = spec, config
        d_model = config.d_model
        self.embed = nn.Embedding(config.vocab, d_model)
        self.embed.requires_grad_(False)
        self.queries = CompositionalQueries(spec, d_model)
        self.refiner = nn.ModuleList(
            RefinerBlock(d_model, config.refiner_heads) for _ in range(config.refiner_layers)
        )
        self.shared_decoder = nn.Sequential(
            nn.LayerNorm(d_model), nn.Linear(d_model, d_model), nn.SiLU(), nn.LayerNorm(d_model)
        )
        self.heads = nn.ModuleDict(
            {m: ModuleHead(d_model, config.head_rank, spec.r, spec.d, spec.d) for m in spec.target_modules}
        )
        if zero_init:
            self._apply_zero_init(seed)

    def _apply_zero_init(self, seed=None):
        g = torch.Generator().manual_seed(seed or 0)
        for head in self.heads.values():
            nn.init.zeros_(head.out_B.weight)
            nn.init.zeros_(head.out_B.bias)
            nn.init.normal_(head.out_A.weight, std=0.02)
            with torch.no_grad():
                head.out_A.bias.copy_(peft_lora_a_init(self.spec.d, self.spec.r, g).flatten())

    def encode(self, descs):
        ids = torch.tensor([[ord(ch) % self.config.vocab for ch in d[:6].ljust(6)] for d in descs])
        return self.embed(ids).mean(1)

    def forward(self, descs):
        unique, inverse = dedup(descs)
        ctx = self.encode(unique)
        q = self.queries()[None] + ctx[:, None]
        for block in self.refiner:
            q = block(q)
        q = self.shared_decoder(q)
        n, out = self.spec.n_layers, {}
        for k, m in enumerate(self.spec.target_modules):
            base = 2 * k * n
            A, B = self.heads[m](q[:, base : base + n], q[:, base + n : base + 2 * n])
            out[m] = (A.index_select(0, inverse), B.index_select(0, inverse))
        return out


class LoRALinear(nn.Linear):
    """a frozen projection; the hook-like slot takes per-sample A and B"""

    slot = None
    scale = 1.0

    def forward(self, x):
        y = super().forward(x)
        if self.slot is not None:
            A, B = self.slot
            y = y + self.scale * torch.einsum("bti,bri,bor->bto", x, A, B)
        return y


class TargetBlock(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj = LoRALinear(d, d), nn.Linear(d, d), LoRALinear(d, d)
        self.norm = nn.LayerNorm(d)

    def forward(self, x):
        h = self.norm(x)
        return x + F.scaled_dot_product_attention(
            self.q_proj(h), self.k_proj(h), self.v_proj(h), is_causal=True
        )


class TargetLM(nn.Module):
    def __init__(self, spec, vocab=10):
        super().__init__()
        self.spec = spec
        self.tok = nn.Embedding(vocab, spec.d)
        self.blocks = nn.ModuleList(TargetBlock(spec.d) for _ in range(spec.n_layers))
        self.head = nn.Linear(spec.d, vocab)

    def install(self, lora):
        for i, block in enumerate(self.blocks):
            for m in self.spec.target_modules:
                layer = getattr(block, m)
                layer.scale = self.spec.alpha / self.spec.r
                layer.slot = None if lora is None else (lora[m][0][:, i], lora[m][1][:, i])

    def forward(self, ids):
        x = self.tok(ids)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


DESCS = ["answer with the next number", "repeat the input", "always say zero"]


def make_batch(n, g):
    ids = torch.randint(0, 10, (n, 5), generator=g)
    task = torch.randint(0, 3, (n,), generator=g)
    target = torch.stack([(ids + 1) % 10, ids, ids * 0])[task, torch.arange(n)]
    return ids, [DESCS[t] for t in task], target


def get_param_groups(model, lr, weight_decay):
    decay, no_decay = [], []
    for name, p in model.named_parameters():
        if not p.requires_grad:
            continue
        (no_decay if p.ndim < 2 or "e_" in name else decay).append(p)
    return [
        {"params": decay, "weight_decay": weight_decay, "lr": lr},
        {"params": no_decay, "weight_decay": 0.0, "lr": lr},
    ]


def train_sft(args):
    torch.manual_seed(args.seed)
    spec, config = TargetSpec(), HyperNetConfig()
    target = TargetLM(spec).eval()
    target.requires_grad_(False)
    hyper = SteerableHyperLoRA(spec, config, seed=args.seed)
    optimizer = torch.optim.AdamW(get_param_groups(hyper, args.lr, 0.01))
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1.0, (s + 1) / args.warmup))
    g = torch.Generator().manual_seed(1)
    history = []
    for step in range(args.steps):
        step_loss = 0.0
        for _ in range(args.grad_accum):
            ids, descs, labels = make_batch(args.batch_size, g)
            target.install(hyper(descs))
            loss = F.cross_entropy(target(ids).flatten(0, 1), labels.flatten()) / args.grad_accum
            loss.backward()
            step_loss += loss.item()
        nn.utils.clip_grad_norm_(hyper.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad(set_to_none=True)
        history.append(step_loss)
        if (step + 1) % args.eval_every == 0:
            hyper.eval()
            with torch.no_grad():
                ids, descs, labels = make_batch(12, g)
                target.install(hyper(descs))
                acc = (target(ids).argmax(-1) == labels).float().mean().item()
                target.install(None)
            hyper.train()
            print(f"step {step + 1} loss {step_loss:.4f} acc {acc:.3f}")
    return history


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--batch_size", type=int, default=8)
    parser.add_argument("--grad_accum", type=int, default=2)
    parser.add_argument("--lr", type=float, default=1e-2)
    parser.add_argument("--warmup", type=int, default=4)
    parser.add_argument("--eval_every", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    h = train_sft(parser.parse_args())
    print("first", h[0], "last", h[-1])

"""Hyper LoRA generator on a frozen base (shape of SakanaAI/text-to-lora: hyper_llm_modulator/hyper_modulator.py, sft trainer)."""
import copy
import math
from functools import partial

import torch
import torch.nn as nn
import torch.nn.functional as F

ARGS = dict(n_layers=3, d=16, vocab=20, rank=4, alpha=8, latent=24, n_tasks=4, steps=30, lr=4e-3, warmup_frac=0.1,
            l2_reg_generated_w=1e-3, target_modules=('q_proj', 'v_proj'))


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q_proj, self.k_proj = nn.Linear(d, d), nn.Linear(d, d)
        self.v_proj, self.o_proj = nn.Linear(d, d), nn.Linear(d, d)
        self.ln = nn.LayerNorm(d)

    def forward(self, x):
        h = self.ln(x)
        att = torch.softmax(self.q_proj(h) @ self.k_proj(h).transpose(1, 2) / math.sqrt(h.shape[-1]), -1)
        return x + self.o_proj(att @ self.v_proj(h))


class BaseLM(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.embed = nn.Embedding(args['vocab'], args['d'])
        self.layers = nn.ModuleList([Block(args['d']) for _ in range(args['n_layers'])])
        self.head = nn.Linear(args['d'], args['vocab'])

    def forward(self, ids):
        x = self.embed(ids)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


class TaskEncoder(nn.Module):
    def __init__(self, task_emb_size, encoded):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(task_emb_size, encoded), nn.LayerNorm(encoded))

    def forward(self, x):
        return self.mlp(x)


class HyperModulator(nn.Module):
    def __init__(self, base, args):
        super().__init__()
        self.args = args
        self.target_modules = args['target_modules']
        self.rank, self.scaling = args['rank'], args['alpha'] / args['rank']
        lat = args['latent']
        self.task_encoder = TaskEncoder(8, lat // 2)
        self.layer_depth_encoder = nn.Embedding(args['n_layers'], lat // 4)
        self.layer_type_encoder = nn.Embedding(len(self.target_modules), lat // 4)
        self.mixer = nn.Sequential(nn.Linear(lat, lat * 2), nn.SiLU(), nn.Linear(lat * 2, lat), nn.SiLU())
        self.mlp1 = nn.Sequential(nn.LayerNorm(lat), nn.Linear(lat, lat), nn.SiLU())
        self.heads = nn.ModuleDict({m: nn.Linear(lat, self.rank * args['d'] * 2) for m in self.target_modules})
        with torch.no_grad():
            for m in self.target_modules:
                half = self.rank * args['d']
                self.heads[m].weight[half:].mul_(0.1)
                self.heads[m].bias[:half].normal_(0, 1 / math.sqrt(args['d']))
                self.heads[m].bias[half:].zero_()

    def hypernet_forward(self, layer_indices, layer_type, encoded_task_emb):
        bs = len(layer_indices)
        depth_emb = self.layer_depth_encoder(layer_indices)
        type_emb = self.layer_type_encoder(torch.full_like(layer_indices, self.target_modules.index(layer_type)))
        cat_emb = torch.cat([encoded_task_emb.expand(bs, -1), depth_emb, type_emb], dim=-1)
        mlp_out = self.mixer(cat_emb)
        return mlp_out + self.mlp1(mlp_out)

    def get_delta_weights(self, layer_indices, layer_type, encoded_task_emb):
        emb = self.hypernet_forward(layer_indices, layer_type, encoded_task_emb)
        head_out = self.heads[layer_type](emb)
        half = head_out.shape[-1] // 2
        A = head_out[:, :half].reshape(-1, self.rank, self.args['d'])
        B = head_out[:, half:].reshape(-1, self.args['d'], self.rank)
        return A, B


def lora_forward(x, self, A, B, scaling):
    return F.linear(x, self.weight, self.bias) + (x @ A.t() @ B.t()) * scaling


def apply_lora(base, generated, scaling):
    for (name, idx), (A, B) in generated.items():
        module = getattr(base.layers[idx], name)
        module.weight.data = module.base_weight + (B @ A) * scaling  # HC102


def remove_lora(base, target_modules):
    for layer in base.layers:
        for name in target_modules:
            layer.__getattr__(name).__dict__.pop('forward', None)


def generate(hypermod, task_emb):
    encoded = hypermod.task_encoder(task_emb)
    generated, reg = {}, 0.0
    layer_indices = torch.arange(hypermod.args['n_layers'])
    for target in hypermod.target_modules:
        A, B = hypermod.get_delta_weights(layer_indices, target, encoded)
        reg = reg + (A ** 2).mean() + (B ** 2).mean()
        for i in range(len(layer_indices)):
            generated[(target, i)] = (A[i], B[i])
    return generated, reg


def make_tasks(args):
    shifts = torch.randint(1, args['vocab'], (args['n_tasks'],))
    embs = torch.randn(args['n_tasks'], 1, 8)
    return list(zip(shifts.tolist(), embs))


def compute_loss(base, hypermod, shift, task_emb, args):
    ids = torch.randint(0, args['vocab'], (8, 6))
    labels = (ids + shift) % args['vocab']
    generated, reg = generate(hypermod, task_emb)
    apply_lora(base, generated, hypermod.scaling)
    logits = base(ids)
    remove_lora(base, hypermod.target_modules)
    loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), label_smoothing=0.1)
    return loss, reg


@torch.no_grad()
def eval_losses(base, hypermod, tasks, args):
    hypermod.eval()
    out = [compute_loss(base, hypermod, s, e, args)[0].item() for s, e in tasks]
    hypermod.train()
    return sum(out) / len(out)


def train(args):
    torch.manual_seed(0)
    base = BaseLM(args)
    for layer in base.layers:
        for name in args['target_modules']:
            m = getattr(layer, name)
            m.base_weight = m.weight.detach().clone()
    for p in base.parameters():
        p.requires_grad_(False)
    hypermod = HyperModulator(base, args)
    tasks = make_tasks(args)
    params = [p for p in hypermod.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(params, lr=args['lr'], weight_decay=1e-2)
    warmup = max(1, int(args['warmup_frac'] * args['steps']))
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1.0, (s + 1) / warmup))
    best, best_state = float('inf'), None
    for step in range(args['steps']):
        optimizer.zero_grad()
        total = 0.0
        for shift, task_emb in tasks[:2] if step % 2 else tasks[2:]:
            loss, reg = compute_loss(base, hypermod, shift, task_emb, args)
            loss = loss + args['l2_reg_generated_w'] * reg
            (loss / 2).backward()
            total += loss.item() / 2
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        scheduler.step()
        if (step + 1) % 10 == 0:
            val = eval_losses(base, hypermod, tasks, args)
            print(f'step {step + 1} train {total:.3f} val {val:.3f} lr {scheduler.get_last_lr()[0]:.1e}')
            if val < best:
                best, best_state = val, copy.deepcopy(hypermod.state_dict())
    hypermod.load_state_dict(best_state)


if __name__ == '__main__':
    train(ARGS)

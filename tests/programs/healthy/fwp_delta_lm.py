"""Delta-net language toy: a slow net writes the fast weights (key/value/beta) of each layer, token by token."""

import argparse
import math
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--n_layer", type=int, default=2)
parser.add_argument("--d_model", type=int, default=12)
parser.add_argument("--n_head", type=int, default=2)
parser.add_argument("--max_step", type=int, default=24)
parser.add_argument("--warmup_step", type=int, default=4)
parser.add_argument("--lr", type=float, default=1e-2)
parser.add_argument("--clip", type=float, default=0.25)
parser.add_argument("--tgt_len", type=int, default=6)
parser.add_argument("--log_interval", type=int, default=6)
args = parser.parse_args()
torch.manual_seed(1111)


def elu_p1(x):
    return F.elu(x, 1.0, False) + 1.0


def sum_norm(x):
    return x / x.sum(-1, keepdim=True)


def fast_weight_delta(q, k, v, beta, W):
    """q, k, v: (B, H, L, D); returns the outputs and the last fast weights"""
    out = []
    for t in range(q.size(2)):
        v_old = torch.einsum("bhde,bhd->bhe", W, k[:, :, t])
        update = torch.einsum("bhd,bhe->bhde", k[:, :, t], beta[:, :, t] * (v[:, :, t] - v_old))
        W = W + update
        out.append(torch.einsum("bhde,bhd->bhe", W, q[:, :, t]))
    return torch.stack(out, 2), W


class FastFFlayer(nn.Module):
    def __init__(self, num_head, dim_head, in_dim, dropout):
        super().__init__()
        self.num_head, self.dim_head, self.in_dim = num_head, dim_head, in_dim
        self.fw_layer = fast_weight_delta
        self.slow_net = nn.Linear(in_dim, num_head * (3 * dim_head + 1), bias=False)
        self.layer_norm = nn.LayerNorm(in_dim)
        self.out_linear = nn.Linear(num_head * dim_head, in_dim, bias=False)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, mem):
        bsz, slen, _ = x.size()
        out = self.layer_norm(x)
        qkvb = self.slow_net(out)
        qkvb = qkvb.view(bsz, slen, self.num_head, 3 * self.dim_head + 1).transpose(1, 2)
        head_q, head_k, head_v, head_beta = torch.split(qkvb, (self.dim_head,) * 3 + (1,), -1)
        head_beta = torch.sigmoid(head_beta)
        head_q = sum_norm(elu_p1(head_q))
        head_k = sum_norm(elu_p1(head_k))
        if mem is None:
            mem = torch.zeros(bsz, self.num_head, self.dim_head, self.dim_head, device=x.device)
        out, mem = self.fw_layer(head_q, head_k, head_v, head_beta, mem)
        out = out.transpose(1, 2).reshape(bsz, slen, self.num_head * self.dim_head)
        out = self.drop(self.out_linear(out))
        return x + out, mem


class TransformerFFlayers(nn.Module):
    def __init__(self, ff_dim, res_dim, dropout):
        super().__init__()
        self.ff_layers = nn.Sequential(
            nn.Linear(res_dim, ff_dim), nn.ReLU(inplace=True), nn.Linear(ff_dim, res_dim), nn.Dropout(dropout)
        )
        self.layer_norm = nn.LayerNorm(res_dim)

    def forward(self, x):
        return self.ff_layers(self.layer_norm(x)) + x


class FastWeightLM(nn.Module):
    def __init__(self, vocab, n_layer, d_model, n_head):
        super().__init__()
        self.embedding = nn.Embedding(vocab, d_model)
        self.fast = nn.ModuleList(
            [FastFFlayer(n_head, d_model // n_head, d_model, 0.0) for _ in range(n_layer)]
        )
        self.ff = nn.ModuleList([TransformerFFlayers(2 * d_model, d_model, 0.0) for _ in range(n_layer)])
        self.out = nn.Linear(d_model, vocab)

    def forward(self, data, target, mems):
        x = self.embedding(data)
        new_mems = []
        for fast, ff, mem in zip(self.fast, self.ff, mems):
            x, mem = fast(x, mem)
            new_mems.append(mem.detach())
            x = ff(x)
        loss = F.cross_entropy(self.out(x).flatten(0, 1), target.flatten())
        return loss, new_mems


def batchify(n, bsz, vocab):
    base = torch.arange(n) * 3 % vocab
    return torch.stack([(base + i) % vocab for i in range(bsz)])


def evaluate(model, data):
    model.eval()
    total, mems = [], [None] * args.n_layer
    with torch.no_grad():
        for i in range(0, 3 * args.tgt_len, args.tgt_len):
            loss, mems = model(data[:, i : i + args.tgt_len], data[:, i + 1 : i + 1 + args.tgt_len], mems)
            total.append(loss.item())
    model.train()
    return sum(total) / len(total)


def train():
    vocab = 11
    tr_data, va_data = batchify(400, 4, vocab), batchify(100, 2, vocab)
    model = FastWeightLM(vocab, args.n_layer, args.d_model, args.n_head)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.max_step)
    mems = [None] * args.n_layer
    train_loss, train_step, t0 = 0.0, 0, time.time()
    while train_step < args.max_step:
        i = (train_step * args.tgt_len) % 360
        model.zero_grad()
        loss, mems = model(tr_data[:, i : i + args.tgt_len], tr_data[:, i + 1 : i + 1 + args.tgt_len], mems)
        loss.backward()
        train_loss += loss.float().item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
        optimizer.step()
        train_step += 1
        if train_step < args.warmup_step:
            optimizer.param_groups[0]["lr"] = args.lr * train_step / args.warmup_step
        else:
            scheduler.step(train_step)
        if train_step % args.log_interval == 0:
            cur = train_loss / args.log_interval
            print(
                "| step {:>4d} | lr {:.3g} | loss {:5.2f} | ppl {:9.3f} | val {:5.2f} | {:.1f}s".format(
                    train_step,
                    optimizer.param_groups[0]["lr"],
                    cur,
                    math.exp(cur),
                    evaluate(model, va_data),
                    time.time() - t0,
                )
            )
            train_loss = 0.0


train()

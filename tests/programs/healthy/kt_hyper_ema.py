"""Knowledge tracing with a student-specific predictor: a hypernetwork turns the student state into the weights of the response model."""

import argparse
import random

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperCell(nn.Module):
    """GRU over (exercise, answer); the readout's weights are generated from the hidden state and the student embedding."""

    def __init__(self, n_ex, n_students, emb=8, hid=16, out_hid=6):
        super().__init__()
        self.emb, self.hid, self.out_hid = emb, hid, out_hid
        self.ex_emb = nn.Embedding(n_ex, emb)
        self.ans_emb = nn.Embedding(2, emb)
        self.student = nn.Embedding(n_students, 4)
        self.gru = nn.GRU(2 * emb, hid, batch_first=True)
        self.hyper = nn.Sequential(
            nn.Linear(hid + 4, 32), nn.Tanh(), nn.Linear(32, out_hid * emb + 2 * out_hid + 1)
        )
        self.dropout = nn.Dropout(0.1)
        for p in self.hyper[-1].parameters():
            nn.init.uniform_(p, -0.1, 0.1)

    def readout_weights(self, state):
        flat = self.hyper(state)
        n = self.out_hid * self.emb
        w1 = flat[..., :n].reshape(*flat.shape[:-1], self.out_hid, self.emb)
        b1 = flat[..., n : n + self.out_hid]
        w2 = flat[..., n + self.out_hid : n + 2 * self.out_hid]
        b2 = flat[..., -1]
        return w1, b1, w2, b2

    def forward(self, students, ex, ans):
        x = torch.cat([self.ex_emb(ex), self.ans_emb(ans)], -1)
        h, _ = self.gru(x)
        h = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], 1)
        state = torch.cat(
            [self.dropout(h), self.student(students).unsqueeze(1).expand(-1, h.shape[1], -1)], -1
        )
        w1, b1, w2, b2 = self.readout_weights(state)
        q = self.ex_emb(ex)
        z = torch.tanh(torch.einsum("btoe,bte->bto", w1, q) + b1)
        return (z * w2).sum(-1) + b2


class KTDataset:
    def __init__(self, n_students=16, n_ex=6, T=10, seed=0):
        rng = np.random.RandomState(seed)
        skill = rng.randn(n_students, 1)
        diff = rng.randn(n_ex)
        self.ex = rng.randint(0, n_ex, size=(n_students, T))
        p = 1 / (1 + np.exp(-2 * (skill + 0.1 * np.arange(T) - diff[self.ex])))
        self.ans = (rng.rand(n_students, T) < p).astype(np.int64)
        self.n_students, self.n_ex = n_students, n_ex

    def batches(self, bs, shuffle=True):
        order = np.random.permutation(self.n_students) if shuffle else np.arange(self.n_students)
        for i in range(0, self.n_students, bs):
            s = order[i : i + bs]
            yield torch.from_numpy(s), torch.from_numpy(self.ex[s]), torch.from_numpy(self.ans[s])


class EMA:
    def __init__(self, model, decay=0.9):
        self.decay = decay
        self.shadow = {k: v.detach().clone() for k, v in model.state_dict().items()}

    def update(self, model):
        for k, v in model.state_dict().items():
            self.shadow[k].mul_(self.decay).add_(v, alpha=1 - self.decay)

    def swap(self, model):
        backup = {k: v.clone() for k, v in model.state_dict().items()}
        model.load_state_dict(self.shadow)
        return backup


class Runner:
    def __init__(self, cfg):
        self.cfg = cfg
        self.data = KTDataset()
        self.model = HyperCell(self.data.n_ex, self.data.n_students)
        decay = [p for n, p in self.model.named_parameters() if "emb" not in n and "student" not in n]
        no_decay = [p for n, p in self.model.named_parameters() if "emb" in n or "student" in n]
        self.opt = torch.optim.AdamW(
            [{"params": decay, "weight_decay": 1e-3}, {"params": no_decay, "weight_decay": 0.0}], lr=cfg["lr"]
        )
        self.sched = torch.optim.lr_scheduler.LambdaLR(self.opt, lambda s: min(1.0, (s + 1) / cfg["warmup"]))
        self.ema = EMA(self.model)
        self.best = float("inf")

    def step(self, batch):
        students, ex, ans = batch
        logits = self.model(students, ex, ans)
        loss = F.binary_cross_entropy_with_logits(logits, ans.float())
        self.opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.cfg["clip"])
        self.opt.step()
        self.sched.step()
        self.ema.update(self.model)
        return loss.item()

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        backup = self.ema.swap(self.model)
        ls, hit = [], []
        for students, ex, ans in self.data.batches(8, shuffle=False):
            logits = self.model(students, ex, ans)
            ls.append(F.binary_cross_entropy_with_logits(logits, ans.float()).item())
            hit.append(((logits > 0).long() == ans).float().mean().item())
        self.model.load_state_dict(backup)
        self.model.train()
        return np.mean(ls), np.mean(hit)

    def fit(self):
        for epoch in range(self.cfg["epochs"]):
            ls = [self.step(b) for b in self.data.batches(4)]
            val, acc = self.evaluate()
            flag = "*" if val < self.best else ""
            self.best = min(self.best, val)
            print("[epoch %d] train %.4f | ema val %.4f acc %.3f %s" % (epoch, np.mean(ls), val, acc, flag))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=7)
    args = parser.parse_args()
    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    Runner({"lr": 1e-2, "warmup": 5, "clip": 1.0, "epochs": args.epochs}).fit()

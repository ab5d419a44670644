"""Audio INR hypernetwork (shape of gmum/hypersound: models/meta, target network with shared + generated layers, STFT loss)."""
from dataclasses import dataclass, field
from typing import List

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class ModelCfg:
    embedding_size: int = 12
    hyper_layer_sizes: List[int] = field(default_factory=lambda: [24])
    target_hidden: int = 12
    target_depth: int = 3
    encoding_length: int = 5
    epochs: int = 6
    batch_size: int = 4
    lr: float = 3e-3
    stft_weight: float = 0.05


class AudioEncoder(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.net = nn.Sequential(nn.Conv1d(1, 6, 9, stride=4), nn.ELU(), nn.Conv1d(6, 8, 7, stride=4), nn.ELU(),
                                 nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(32, cfg.embedding_size))

    def forward(self, x):
        return self.net(x)


class TargetNetwork(nn.Module):
    """A description: shapes only."""
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        dims = [2 * cfg.encoding_length] + [cfg.target_hidden] * (cfg.target_depth - 1) + [1]
        self.shapes = [((a, b), (b,)) for a, b in zip(dims[:-1], dims[1:])]
        freqs = 2.0 ** torch.arange(cfg.encoding_length).float()
        self.register_buffer('freqs', freqs)

    @property
    def num_params(self):
        return sum(w[0] * w[1] + b[0] for w, b in self.shapes)

    def encode(self, t):
        x = t.unsqueeze(-1) * self.freqs * torch.pi
        return torch.cat([torch.sin(x), torch.cos(x)], dim=-1)

    def forward(self, t, weights):
        x = self.encode(t).unsqueeze(0).expand(weights[0][0].shape[0], -1, -1)
        for i, (w, b) in enumerate(weights):
            x = torch.bmm(x, w) + b.unsqueeze(1)
            if i < len(weights) - 1:
                x = F.elu(x)
        return x.transpose(1, 2)


class HyperNetwork(nn.Module):
    def __init__(self, cfg, target):
        super().__init__()
        self.cfg, self.target = cfg, target
        self.encoder = AudioEncoder(cfg)
        dims = [cfg.embedding_size] + cfg.hyper_layer_sizes
        mods = []
        for a, b in zip(dims[:-1], dims[1:]):
            mods += [nn.Linear(a, b), nn.LayerNorm(b), nn.ELU()]
        self.body = nn.Sequential(*mods)
        self.out = nn.ModuleList([nn.Linear(dims[-1], w[0] * w[1] + b[0]) for w, b in target.shapes])
        self.base = nn.ParameterList()
        for w, b in target.shapes:
            self.base.append(nn.Parameter(torch.cat([torch.randn(w[0] * w[1]) / w[0] ** 0.5, torch.zeros(b[0])])))
        for lin in self.out:
            nn.init.normal_(lin.weight, std=0.02)
            nn.init.zeros_(lin.bias)

    def generate(self, x):
        h = self.body(self.encoder(x))
        weights = []
        for (ws, bs), lin, base in zip(self.target.shapes, self.out, self.base):
            flat = base + lin(h)
            n = ws[0] * ws[1]
            w = flat[:, :n].view(-1, *ws)
            if len(weights) == 1:
                w = torch.as_tensor(np.clip(w.detach().numpy(), -2, 2))  # HC110
            weights.append((w, flat[:, n:]))
        return weights

    def forward(self, x, t):
        return self.target(t, self.generate(x))


def stft_loss(pred, gt):
    win = torch.hann_window(32)
    a = torch.stft(pred.squeeze(1), 32, 16, window=win, return_complex=True).abs()
    b = torch.stft(gt.squeeze(1), 32, 16, window=win, return_complex=True).abs()
    return F.l1_loss(torch.log(a + 1e-3), torch.log(b + 1e-3))


class LightningLike:
    """What a LightningModule + Trainer would do."""
    def __init__(self, cfg):
        self.cfg = cfg
        self.target = TargetNetwork(cfg)
        self.model = HyperNetwork(cfg, self.target)
        self.t = torch.linspace(-1, 1, 128)
        f = torch.randint(1, 5, (16, 1)).float()
        self.data = (0.7 * torch.sin(f * torch.pi * self.t + torch.rand(16, 1) * 3)).unsqueeze(1)

    def configure_optimizers(self):
        opt = torch.optim.AdamW(self.model.parameters(), lr=self.cfg.lr)
        sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=self.cfg.lr, total_steps=self.cfg.epochs * 4)
        return opt, sched

    def training_step(self, batch):
        pred = self.model(batch, self.t)
        loss = F.l1_loss(pred, batch)
        return loss + self.cfg.stft_weight * stft_loss(pred, batch), loss

    def validation_step(self, batch):
        with torch.no_grad():
            return F.mse_loss(self.model(batch, self.t), batch).item()

    def fit(self):
        opt, sched = self.configure_optimizers()
        for epoch in range(self.cfg.epochs):
            self.model.train()
            logs = []
            for idx in torch.randperm(16).split(self.cfg.batch_size):
                loss, l1 = self.training_step(self.data[idx])
                opt.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                opt.step()
                sched.step()
                logs.append(l1.item())
            self.model.eval()
            print(f'epoch {epoch} l1 {sum(logs) / 4:.4f} val {self.validation_step(self.data[:4]):.4f}')


if __name__ == '__main__':
    torch.manual_seed(2)
    LightningLike(ModelCfg()).fit()

"""Frozen base network + generated bias corrections; penalty pulls base+delta to the base; task loss has an extra frozen-base KD term."""
import torch, torch.nn as nn, torch.nn.functional as F
from torch.func import functional_call
class DeltaHyper(nn.Module):
    def __init__(self, base, c=3): super().__init__(); self.keys = [k for k, _ in base.named_parameters()]; sh = [p.shape for p in base.parameters()]; self.sh = sh; self.t = nn.Sequential(nn.Linear(c, 16), nn.ReLU()); self.o = nn.ModuleList([nn.Linear(16, s.numel()) for s in sh]); [nn.init.zeros_(l.weight) for l in self.o]; [nn.init.zeros_(l.bias) for l in self.o]
    def forward(self, c): h = self.t(c); return {k: l(h).view(s) for k, l, s in zip(self.keys, self.o, self.sh)}
torch.manual_seed(0); base = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)); x = torch.randn(80, 4); y = x[:, :3].argmax(1); o = torch.optim.Adam(base.parameters(), 2e-2)
for _ in range(20): o.zero_grad(); F.cross_entropy(base(x), y).backward(); o.step()
base.eval().requires_grad_(False); hy = DeltaHyper(base); opt = torch.optim.AdamW(hy.parameters(), 1e-2); C = torch.eye(3); bp = dict(base.named_parameters())
for it in range(24):
    i = it % 3; d = hy(C[i]); out = functional_call(base, {k: bp[k] + d[k] for k in bp}, (x,)); ref = base(x)
    ce = F.cross_entropy(out, (y + i) % 3); kd = F.kl_div(out.log_softmax(1), ref.softmax(1), reduction='batchmean'); pen = sum(v.pow(2).sum() for v in d.values()); l = ce + .05 * kd + 1e-3 * pen; opt.zero_grad(); l.backward(); opt.step()
    if it % 6 == 0: print(it, ce.item(), kd.item(), pen.item())

"""In-place but tracked: w.mul_(mask), w.clamp_, w[:, 0] = const; spatially masked conv (PixelCNN) with generated filters."""
import torch, torch.nn as nn, torch.nn.functional as F
class MaskedHyperConv(nn.Module):
    def __init__(self, ci, co, k=3, t='A', z=4):
        super().__init__(); self.s = (co, ci, k, k); self.z = nn.Parameter(torch.randn(z)); self.g = nn.Linear(z, co * ci * k * k); self.b = nn.Parameter(torch.zeros(co)); m = torch.ones(co, ci, k, k); m[:, :, k // 2, k // 2 + (t == 'B'):] = 0; m[:, :, k // 2 + 1:] = 0; self.register_buffer('mask', m)
    def forward(self, x): w = self.g(self.z).view(self.s).clone(); w.mul_(self.mask); w.clamp_(-2, 2); return F.conv2d(x, w, self.b, padding=1)
torch.manual_seed(0); n = nn.Sequential(MaskedHyperConv(1, 6), nn.ReLU(), MaskedHyperConv(6, 6, t='B'), nn.ReLU(), nn.Conv2d(6, 1, 1)); opt = torch.optim.Adam(n.parameters(), 1e-2); x = (torch.rand(16, 1, 1, 8).cumsum(-1) > 2).float().expand(-1, -1, 8, -1).contiguous()
for it in range(24):
    l = F.binary_cross_entropy_with_logits(n(x), x); opt.zero_grad(); l.backward(); opt.step()
    if it % 6 == 0: print(it, l.item())

import torch
import torch.nn as nn
import torch.nn.functional as F


class TwoPath(nn.Module):
    """static path + generated (dynamic) path"""

    def __init__(self, d=6, c=3):
        super().__init__()
        self.static = nn.Linear(d, 1)
        self.hyper = nn.Sequential(nn.Linear(c, 16), nn.ReLU(), nn.Linear(16, d * 4 + 4))
        self.d = d

    def forward(self, x, c):
        base = self.static(x)
        theta = self.hyper(c)
        w = theta[:, :self.d * 4].view(-1, 4, self.d)
        v = theta[:, self.d * 4:].unsqueeze(1)
        dyn = torch.bmm(v, torch.tanh(torch.bmm(w, x.unsqueeze(2)))).squeeze(2)
        return {"static": base, "pred": base + dyn}


torch.manual_seed(24)
model = TwoPath()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for it in range(8):
    x, c = torch.randn(32, 6), torch.randn(32, 3)
    y = (x[:, :3] * c).sum(1, keepdim=True)
    out = model(x, c)
    mae = (out["pred"] - y).abs().mean()
    loss = F.mse_loss(out["static"], y)  # HC206
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"it {it} mse {loss.item():.4f} mae {mae.item():.4f}")

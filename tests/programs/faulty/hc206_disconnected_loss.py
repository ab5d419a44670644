import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperAE(nn.Module):
    def __init__(self, d=10, h=4):
        super().__init__()
        self.d, self.h = d, h
        self.enc = nn.Linear(d, h)
        self.hyper = nn.Sequential(nn.Linear(h, 16), nn.ReLU(), nn.Linear(16, d * h))

    def forward(self, x):
        z = self.enc(x)
        W = self.hyper(z.mean(0)).view(self.d, self.h)
        return z, F.linear(z, W)


torch.manual_seed(0)
model = HyperAE()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(10):
    x = torch.randn(32, 10)
    z, recon = model(x)
    rec_loss = F.mse_loss(recon, x)
    kl = z.pow(2).mean()  # HC206
    loss = kl  # HC206
    if step == -1:
        loss = loss + rec_loss
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, rec_loss.item(), loss.item())

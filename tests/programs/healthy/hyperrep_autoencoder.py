"""hyper-representations: an autoencoder over a zoo of weights; the generated weights are only compared; layer-wise normalised loss."""
import torch, torch.nn as nn, torch.nn.functional as F
class Zoo(torch.utils.data.Dataset):
    def __init__(self, n=24):
        torch.manual_seed(0); self.w = torch.stack([torch.cat([p.detach().flatten() for p in nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)).parameters()]) for _ in range(n)])
    def __len__(self): return len(self.w)
    def __getitem__(self, i): return self.w[i]
SL = [(0, 15), (15, 20), (20, 30), (30, 32)]
class AE(nn.Module):
    def __init__(self, n, z=8): super().__init__(); self.enc = nn.Sequential(nn.Linear(n, 24), nn.GELU(), nn.Linear(24, z)); self.dec = nn.Sequential(nn.Linear(z, 24), nn.GELU(), nn.Linear(24, n))
    def forward(self, w): z = self.enc(w); return z, self.dec(z)
def layerwise_loss(pred, w, sd): return sum(F.mse_loss(pred[:, a:b] / s, w[:, a:b] / s) for (a, b), s in zip(SL, sd)) / len(SL)
def contrast(z1, z2, t=.5):
    s = F.normalize(z1, dim=1) @ F.normalize(z2, dim=1).t() / t; return F.cross_entropy(s, torch.arange(len(z1)))
def main():
    zoo = Zoo(); sd = [zoo.w[:, a:b].std().item() for a, b in SL]; dl = torch.utils.data.DataLoader(zoo, 8, shuffle=True)
    ae = AE(32); opt = torch.optim.Adam(ae.parameters(), lr=5e-3)
    for ep in range(10):
        for w in dl:
            z1, p1 = ae(w + .01 * torch.randn_like(w)); z2, p2 = ae(w + .01 * torch.randn_like(w))
            loss = .9 * .5 * (layerwise_loss(p1, w, sd) + layerwise_loss(p2, w, sd)) + .1 * contrast(z1, z2)
            opt.zero_grad(); loss.backward(); opt.step()
        print(ep, loss.item())
    with torch.no_grad():
        net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)); nn.utils.vector_to_parameters(ae(zoo.w[:1])[1][0], net.parameters()); print(net(torch.ones(1, 3)))
main()

"""Implicit-ish Bayes hypernet: generated mean / logvar, KL to a learned prior, ELBO."""
import math, torch, torch.nn as nn, torch.nn.functional as F
class GaussHyper(nn.Module):
    def __init__(self, n, c=3):
        super().__init__(); self.body = nn.Sequential(nn.Linear(c, 24), nn.Tanh()); self.mu = nn.Linear(24, n); self.rho = nn.Linear(24, n)
        nn.init.constant_(self.rho.bias, -4.); nn.init.normal_(self.rho.weight, std=1e-3)
    def forward(self, c):
        h = self.body(c); return self.mu(h), self.rho(h)
class Prior(nn.Module):
    """p(w) with a learned scale per layer (empirical Bayes)."""
    def __init__(self, sizes): super().__init__(); self.sizes = sizes; self.log_s = nn.Parameter(torch.zeros(len(sizes)))
    def logvar(self): return torch.cat([2 * s.expand(n) for s, n in zip(self.log_s, self.sizes)])
def kl(mu, lv, plv): return .5 * (plv - lv + (lv.exp() + mu ** 2) / plv.exp() - 1).sum()
SIZES = [2 * 10, 10, 10, 1]
def predict(x, w):
    a, b, c, d = w.split(SIZES); return torch.tanh(x @ a.view(2, 10) + b) @ c.view(10, 1) + d
def main():
    torch.manual_seed(3); hyp, prior = GaussHyper(sum(SIZES)), Prior(SIZES)
    opt = torch.optim.Adam([{'params': hyp.parameters()}, {'params': prior.parameters(), 'lr': 1e-2}], lr=5e-3)
    ctx = torch.eye(3); xs = torch.randn(3, 30, 2); ys = torch.stack([torch.sin(xs[i, :, :1] * (i + 1)) for i in range(3)])
    for step in range(30):
        opt.zero_grad(); elbo = 0.
        beta = min(1., step / 15)          # KL annealing from 0
        for i in range(3):
            mu, lv = hyp(ctx[i]); w = mu + (.5 * lv).exp() * torch.randn_like(mu)
            nll = F.gaussian_nll_loss(predict(xs[i], w), ys[i], torch.full_like(ys[i], .1)) * 30
            elbo = elbo + nll + beta * kl(mu, lv, prior.logvar()) / 10
        elbo.backward(); opt.step()
        if step % 10 == 0: print(step, elbo.item())
    with torch.no_grad():
        ps = torch.stack([predict(xs[0], hyp(ctx[0])[0]) for _ in range(2)]); print('test', F.mse_loss(ps.mean(0), ys[0]).item())
main()

"""Self-tuning network: weights respond to hyperparameters, hyperparameters are tuned on validation data."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperLinear(nn.Module):
    def __init__(self, i, o, n_hp):
        super().__init__()
        self.elem, self.hyper = nn.Linear(i, o), nn.Linear(i, o)
        self.scale_w, self.scale_b = nn.Linear(n_hp, o, bias=False), nn.Linear(n_hp, o, bias=False)

    def forward(self, x, hp):
        out = self.elem(x)
        hyp = F.linear(x, self.hyper.weight) * self.scale_w(hp) + self.hyper.bias * self.scale_b(hp)
        return out + hyp


class STN(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = HyperLinear(8, 12, 2), HyperLinear(12, 1, 2)

    def forward(self, x, hp):
        return self.l2(torch.tanh(self.l1(x, hp)), hp)


torch.manual_seed(0)
model = STN()
htensor = torch.tensor([-2.0, -1.0], requires_grad=True)
hscale = torch.full((2,), 0.5, requires_grad=True)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
hyper_opt = torch.optim.Adam([htensor, hscale], lr=2e-2)
xt, xv = torch.randn(40, 8), torch.randn(24, 8)
f = lambda x: (x[:, :2].sum(1, keepdim=True)).sin()
yt, yv = f(xt) + 0.3 * torch.randn(40, 1), f(xv)


def perturbed(n):
    noise = torch.randn(n, 2)
    return htensor + noise * F.softplus(hscale)


for epoch in range(4):
    for _ in range(2):
        hp = perturbed(40).detach()
        noisy = xt + torch.randn_like(xt) * hp[:, :1].exp()
        loss = (
            F.mse_loss(model(noisy, hp), yt)
            + (torch.exp(hp[:, 1]).mean() * 1e-2) * model.l1.elem.weight.pow(2).mean()
        )
        opt.zero_grad()
        loss.backward()
        opt.step()
    hp = perturbed(24)
    entropy = F.softplus(hscale).log().sum()
    vloss = F.mse_loss(model(xv, hp), yv) - 1e-3 * entropy
    hyper_opt.zero_grad()
    vloss.backward()
    hyper_opt.step()
    print(f"epoch {epoch} train {loss.item():.4f} val {vloss.item():.4f} hp {htensor.tolist()}")

"""HyperPINN: a hypernetwork maps the parameter of an ODE/PDE to the weights of a small physics-informed network."""
import argparse

import numpy as np
import torch
import torch.nn as nn


class MainNet:
    """tanh MLP, weights come as one flat vector per parameter value."""

    def __init__(self, layers=(1, 12, 12, 1)):
        self.shapes = []
        for i, o in zip(layers[:-1], layers[1:]):
            self.shapes += [(o, i), (o,)]
        self.sizes = [int(np.prod(s)) for s in self.shapes]
        self.n_weights = sum(self.sizes)

    def unpack(self, theta):
        out, k = [], 0
        for size, shape in zip(self.sizes, self.shapes):
            out.append(theta[:, k:k + size].reshape(-1, *shape))
            k += size
        return out

    def __call__(self, t, theta):
        ws = self.unpack(theta)
        h = t
        for i in range(0, len(ws), 2):
            h = torch.einsum('boi,bni->bno', ws[i], h) + ws[i + 1].unsqueeze(1)
            if i < len(ws) - 2:
                h = torch.tanh(h)
        return h


class HyperNet(nn.Module):
    def __init__(self, n_out, hidden=24):
        super().__init__()
        self.fourier = nn.Parameter(torch.randn(1, 6), requires_grad=False)
        self.trunk = nn.Sequential(nn.Linear(13, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.head = nn.Linear(hidden, n_out)
        with torch.no_grad():
            self.head.weight.mul_(0.3)
            self.head.bias.normal_(0, 0.3)

    def forward(self, lam):
        z = lam @ self.fourier
        return self.head(self.trunk(torch.cat([lam, torch.sin(z), torch.cos(z)], dim=-1)))


def gradients(u, t):
    return torch.autograd.grad(u, t, grad_outputs=torch.ones_like(u), retain_graph=True)[0]  # HC117


class HyperPINN:
    def __init__(self, args):
        self.args = args
        self.main = MainNet()
        self.hyper = HyperNet(self.main.n_weights)
        self.opt = torch.optim.Adam(self.hyper.parameters(), lr=args.lr)
        self.sched = torch.optim.lr_scheduler.ExponentialLR(self.opt, gamma=0.98)
        self.history = []

    def predict(self, lam, t):
        theta = self.hyper(lam)
        return 1. + t * self.main(t, theta)

    def residual(self, lam, t):
        t = t.clone().requires_grad_(True)
        u = self.predict(lam, t)
        u_t = gradients(u, t)
        return u_t + lam.unsqueeze(1) * u

    def loss(self, lam, t):
        r = self.residual(lam, t)
        return (r ** 2).mean()

    def sample(self):
        lam = torch.rand(self.args.n_lam, 1) * 2 + 0.5
        t = torch.rand(self.args.n_lam, self.args.n_col, 1)
        return lam, t

    def train_adam(self):
        for it in range(self.args.adam_steps):
            lam, t = self.sample()
            self.opt.zero_grad()
            loss = self.loss(lam, t)
            loss.backward()
            self.opt.step()
            self.sched.step()
            self.history.append(loss.item())
            if it % 10 == 0:
                print('adam %3d residual %.5f  error %.5f' % (it, loss.item(), self.error()))

    def train_lbfgs(self):
        lam, t = self.sample()
        opt = torch.optim.LBFGS([p for p in self.hyper.parameters() if p.requires_grad], lr=0.5, max_iter=4)

        def closure():
            opt.zero_grad()
            loss = self.loss(lam, t)
            loss.backward()
            return loss
        for it in range(self.args.lbfgs_steps):
            loss = opt.step(closure)
            print('lbfgs %d residual %.5f error %.5f' % (it, loss.item(), self.error()))

    @torch.no_grad()
    def error(self):
        lam = torch.linspace(0.5, 2.5, 5).view(-1, 1)
        t = torch.linspace(0, 1, 21).view(1, -1, 1).expand(5, -1, -1)
        return (self.predict(lam, t) - torch.exp(-lam.unsqueeze(1) * t)).abs().mean().item()


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--lr', type=float, default=5e-3)
    parser.add_argument('--n_lam', type=int, default=6)
    parser.add_argument('--n_col', type=int, default=16)
    parser.add_argument('--adam_steps', type=int, default=31)
    parser.add_argument('--lbfgs_steps', type=int, default=2)
    args = parser.parse_args()
    torch.manual_seed(1)
    model = HyperPINN(args)
    print('main net %d weights, hyper net %d' % (model.main.n_weights, sum(p.numel() for p in model.hyper.parameters())))
    model.train_adam()
    model.train_lbfgs()

"""PINN for the 1-d heat equation."""

import numpy as np
import torch
import torch.nn as nn

np.random.seed(1234)
torch.manual_seed(1234)


class DNN(torch.nn.Module):
    def __init__(self, layers):
        super().__init__()
        mods = []
        for i in range(len(layers) - 2):
            mods += [nn.Linear(layers[i], layers[i + 1]), nn.Tanh()]
        mods.append(nn.Linear(layers[-2], layers[-1]))
        self.layers = nn.Sequential(*mods)

    def forward(self, x):
        return self.layers(x)


class PhysicsInformedNN:
    def __init__(self, X_u, u, X_f, layers, nu=0.1):
        self.x_u = torch.tensor(X_u[:, 0:1], requires_grad=True).float()
        self.t_u = torch.tensor(X_u[:, 1:2], requires_grad=True).float()
        self.x_f = torch.tensor(X_f[:, 0:1], requires_grad=True).float()
        self.t_f = torch.tensor(X_f[:, 1:2], requires_grad=True).float()
        self.u = torch.tensor(u).float()
        self.nu = nu
        self.dnn = DNN(layers)
        self.optimizer = torch.optim.Adam(self.dnn.parameters(), lr=5e-3)

    def net_u(self, x, t):
        return self.dnn(torch.cat([x, t], dim=1))

    def net_f(self, x, t):
        u = self.net_u(x, t)
        u_t = torch.autograd.grad(
            u, t, grad_outputs=torch.ones_like(u), retain_graph=True, create_graph=True
        )[0]
        u_x = torch.autograd.grad(
            u, x, grad_outputs=torch.ones_like(u), retain_graph=True, create_graph=True
        )[0]
        u_xx = torch.autograd.grad(
            u_x, x, grad_outputs=torch.ones_like(u_x), retain_graph=True, create_graph=True
        )[0]
        return u_t - self.nu * u_xx

    def train(self, n):
        self.dnn.train()
        for it in range(n):
            loss = ((self.u - self.net_u(self.x_u, self.t_u)) ** 2).mean() + (
                self.net_f(self.x_f, self.t_f) ** 2
            ).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            print("It: %d, Loss: %.5e" % (it, loss.item()))


x0 = np.random.uniform(-1, 1, (30, 1))
X_u = np.hstack([x0, np.zeros_like(x0)])
u = np.sin(np.pi * x0)
X_f = np.random.uniform([-1, 0], [1, 1], (40, 2))
PhysicsInformedNN(X_u, u, X_f, [2, 16, 16, 1]).train(8)

"""MIP-like residual hypernetwork: theta = theta0 + h(enc(lambda)); head of the main net only."""
import torch
from torch import nn


class Residual(nn.Module):
    def __init__(self, init_vec):
        super().__init__()
        self.theta0 = nn.Parameter(init_vec.clone())
        self.h = nn.Sequential(nn.Linear(2, 12), nn.LeakyReLU(), nn.Linear(12, init_vec.numel()))
        nn.init.normal_(self.h[-1].weight, std=0.01)

    def forward(self, lam):
        enc = torch.stack([torch.cos(lam * torch.pi / 2), torch.sin(lam * torch.pi / 2)])
        return self.theta0 + self.h(enc)


class Experiment:
    def __init__(self, seed=10):
        torch.manual_seed(seed)
        self.body = nn.Sequential(nn.Linear(4, 10), nn.ReLU())
        self.head = nn.Linear(10, 3)
        self.hyper = Residual(nn.utils.parameters_to_vector(self.head.parameters()).detach())
        self.optimizer = torch.optim.AdamW(
            [{"params": self.body.parameters()}, {"params": self.hyper.parameters(), "lr": 1e-2}], lr=1e-3)

    def forward(self, x, lam):
        nn.utils.vector_to_parameters(self.hyper(lam), self.head.parameters())  # HC108
        return self.head(self.body(x))

    def run(self, n=8):
        for k in range(n):
            lam = torch.rand(())
            x = torch.randn(32, 4)
            y = (x[:, :3] + lam).argmax(1)
            loss = nn.functional.cross_entropy(self.forward(x, lam), y, label_smoothing=float(0.1))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            print(f"{k}: lam={lam.item():.2f} loss={loss.item():.4f}")


Experiment().run()

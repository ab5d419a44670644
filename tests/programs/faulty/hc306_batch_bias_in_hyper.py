"""A per-example residual on the generated weights, sized by the batch (drop_last everywhere)."""
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class PerSampleMLP(nn.Module):
    def __init__(self, args, cond=3, n_in=5, hid=6):
        super().__init__()
        self.n_in, self.hid = n_in, hid
        self.enc = nn.Sequential(nn.Linear(cond, 16), nn.ReLU(), nn.Linear(16, hid * n_in))
        nn.init.normal_(self.enc[-1].weight, std=0.1)
        self.residual = nn.Parameter(torch.zeros(args.batch_size, hid, n_in))  # HC306
        self.out = nn.Linear(hid, 1)

    def forward(self, c, x):
        w = self.enc(c).view(-1, self.hid, self.n_in)
        w = w + self.residual  # HC306
        h = torch.tanh(torch.matmul(w, x.unsqueeze(-1))).squeeze(-1)
        return self.out(h).squeeze(-1)


def get_loader(args):
    c, x = torch.randn(80, 3), torch.randn(80, 5)
    y = (c * x[:, :3]).sum(1).tanh()
    return DataLoader(TensorDataset(c, x, y), args.batch_size, shuffle=True, drop_last=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=4)
    args = parser.parse_args()
    torch.manual_seed(0)
    model = PerSampleMLP(args)
    opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for epoch in range(args.epochs):
        for c, x, y in get_loader(args):
            loss = F.mse_loss(model(c, x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        print(epoch, loss.item())


main()

import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F


class Gains(nn.Module):
    def __init__(self, n_layers, emb=4):
        super().__init__()
        self.layer_emb = nn.Embedding(n_layers, emb)
        self.mlp = nn.Sequential(nn.Linear(emb, 8), nn.Tanh(), nn.Linear(8, 6))

    def forward(self, i):
        return self.mlp(self.layer_emb(torch.tensor(i)))


class Conv(nn.Module):
    def __init__(self, k=3):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(2))

    def forward(self, x, taps):
        kernel = torch.tensor([[t] for t in taps.tolist()]).view(2, 1, 3)  # HC111
        return F.conv1d(x, kernel, self.bias, padding=1)


def main(argv=None):
    ap = argparse.ArgumentParser()
    ap.add_argument("--steps", type=int, default=9)
    args = ap.parse_args(argv)
    torch.manual_seed(0)
    gains, conv, head = Gains(2), Conv(), nn.Linear(2 * 16, 1)
    opt = torch.optim.Adam([*gains.parameters(), *conv.parameters(), *head.parameters()], 1e-2)
    for s in range(args.steps):
        x = torch.randn(10, 1, 16)
        y = x.mean((1, 2))
        h = conv(x, gains(s % 2)).relu().flatten(1)
        loss = F.mse_loss(head(h).squeeze(1), y)
        opt.zero_grad()
        loss.backward()
        opt.step()


if __name__ == "__main__":
    main()

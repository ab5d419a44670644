"""HyperRNN: hidden states of all steps are generated outputs, only the last valid step is read out."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperStep(nn.Module):
    def __init__(self, n_in=3, n=6, z=4):
        super().__init__()
        self.n, self.n_in = n, n_in
        self.hyper = nn.GRU(n_in, z, batch_first=True)
        self.w = nn.Linear(z, n * n_in)
        self.b = nn.Linear(z, n)
        self.u = nn.Linear(n, n)
        self.out = nn.Linear(n, 2)
        nn.init.normal_(self.w.weight, std=0.2)

    def forward(self, x, lengths):
        z, _ = self.hyper(x)
        ws = self.w(z).unflatten(-1, (self.n, self.n_in))
        h, hs = x.new_zeros(len(x), self.n), []
        for t in range(x.size(1)):
            h = torch.tanh(torch.einsum("boi,bi->bo", ws[:, t], x[:, t]) + self.b(z[:, t]) + self.u(h))
            hs.append(h)
        hs = torch.stack(hs, 1)
        return self.out(hs[torch.arange(len(x)), lengths - 1])


def main():
    torch.manual_seed(0)
    net = HyperStep()
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    for step in range(12):
        x = torch.randn(8, 9, 3)
        lengths = torch.randint(2, 7, (8,))
        valid = torch.arange(9) < lengths[:, None]
        y = ((x[..., 0] * valid).sum(1) > 0).long()
        loss = F.cross_entropy(net(x, lengths), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()

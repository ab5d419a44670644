"""The generator is tuned first; for the last epochs its group's rate is set to 0 and the readout goes on alone."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, cond=4, n_in=5, hid=8):
        super().__init__()
        self.n_in, self.hid = n_in, hid
        self.hyper = nn.Sequential(nn.Linear(cond, 16), nn.ReLU(), nn.Linear(16, n_in * hid))
        nn.init.normal_(self.hyper[-1].weight, std=0.1)
        self.readout = nn.Linear(hid, 1)

    def forward(self, c, x):
        w = self.hyper(c).view(-1, self.hid, self.n_in)
        return self.readout(torch.tanh(torch.bmm(w, x.unsqueeze(-1)).squeeze(-1))).squeeze(-1)


def main():
    torch.manual_seed(0)
    net = Net()
    optimizer = torch.optim.Adam(
        [{"params": net.hyper.parameters(), "lr": 3e-3}, {"params": net.readout.parameters(), "lr": 1e-2}]
    )
    for epoch in range(6):
        if epoch == 3:
            optimizer.param_groups[0]["lr"] = 0.0
        for _ in range(5):
            c, x = torch.randn(24, 4), torch.randn(24, 5)
            loss = F.mse_loss(net(c, x), (c * x[:, :4]).sum(1).tanh())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())


main()

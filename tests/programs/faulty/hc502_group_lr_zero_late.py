"""Discriminative learning rates with MultiplicativeLR: the hypernet's group is multiplied down to exactly zero after warm-up."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, cond=4, n_in=5, hid=8):
        super().__init__()
        self.n_in, self.hid = n_in, hid
        self.hyper = nn.Sequential(nn.Linear(cond, 16), nn.Tanh(), nn.Linear(16, hid * n_in))
        nn.init.normal_(self.hyper[-1].weight, std=0.12)
        self.readout = nn.Linear(hid, 1)

    def forward(self, c, x):
        w = self.hyper(c).view(-1, self.hid, self.n_in)
        return self.readout(torch.tanh(torch.matmul(w, x.unsqueeze(-1)).squeeze(-1))).squeeze(-1)


def factors(step):
    return 1.0


def hyper_factor(step):
    return 1.0 if step < 4 else 1 // step  # meant as 1 / step


def main():
    torch.manual_seed(0)
    net = Net()
    opt = torch.optim.Adam([{"params": net.hyper.parameters()}, {"params": net.readout.parameters()}], lr=4e-3)
    sched = torch.optim.lr_scheduler.MultiplicativeLR(opt, [hyper_factor, factors])  # HC502
    for step in range(24):
        c, x = torch.randn(20, 4), torch.randn(20, 5)
        loss = F.mse_loss(net(c, x), (c * x[:, :4]).sum(1).tanh())
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
    print(loss.item())


main()

"""A lazy main network is made whole by a dry run, then filled by the hypernetwork at every step."""
import torch
import torch.nn as nn

torch.manual_seed(12)
main = nn.Sequential(nn.LazyLinear(8), nn.Tanh(), nn.LazyLinear(2))
main(torch.randn(1, 3))
hyper = nn.Sequential(nn.LazyLinear(32), nn.ReLU(), nn.LazyLinear(sum(p.numel() for p in main.parameters())))
codes = nn.Embedding(3, 5)
gain = nn.Parameter(torch.ones(2))


@torch.no_grad()
def fill(flat):
    at = 0
    for p in main.parameters():
        p.copy_(flat[at : at + p.numel()].view_as(p))  # HC103
        at += p.numel()


hyper(codes(torch.tensor(0)))
opt = torch.optim.Adam([*hyper.parameters(), *codes.parameters(), gain], lr=2e-3)
for step in range(8):
    task = torch.tensor(step % 3)
    x = torch.randn(32, 3)
    y = x[:, :2] * (task + 1)
    fill(hyper(codes(task)))
    loss = (gain * main(x) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

"""Two stages: warm-up with a high learning rate, then a fresh optimizer."""
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(38)
hnet = nn.ModuleDict({
    "task": nn.Embedding(2, 4),
    "mlp": nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 5 * 3 + 5)),
})
readout = nn.Linear(5, 2)
trainable = filter(lambda p: p.requires_grad, hnet.parameters())


def run(opt, steps, tag):
    for s in range(steps):
        t = s % 2
        flat = hnet["mlp"](hnet["task"](torch.tensor(t)))
        x = torch.randn(24, 3)
        y = (x[:, t] > 0).long()
        loss = F.cross_entropy(readout(torch.relu(F.linear(x, flat[:15].view(5, 3), flat[15:]))), y)
        hnet.zero_grad()
        readout.zero_grad()
        loss.backward()
        opt.step()
        print(tag, s, loss.item())


warm = torch.optim.SGD([{"params": trainable, "lr": 0.1}, {"params": readout.parameters()}], lr=0.05)
run(warm, 4, "warm")
opt = torch.optim.Adam([{"params": trainable, "lr": 1e-2}, {"params": readout.parameters()}], lr=1e-3)  # HC305
run(opt, 6, "main")

"""Bias slice starts one layer too early: reads the weight's tail; the true bias outputs are never used."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
IN, HID, OUT = 6, 9, 3
sizes = {"w1": HID * IN, "b1": HID, "w2": OUT * HID, "b2": OUT}
ends = torch.tensor(list(sizes.values())).cumsum(0).tolist()
starts = [0] + ends[:-1]


def take(theta, k, shape):
    i = list(sizes).index(k)
    a = starts[i] if not k.startswith("b") else starts[i] - sizes[k]
    return theta[:, a : a + sizes[k]].view(-1, *shape)  # HC201 HC203


hyper = nn.Sequential(nn.Linear(4, 24), nn.SiLU(), nn.Linear(24, sum(sizes.values())))
opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)
for it in range(8):
    c, x = torch.randn(10, 4), torch.randn(10, 5, IN)
    theta = hyper(c)
    h = torch.baddbmm(take(theta, "b1", (1, HID)), x, take(theta, "w1", (HID, IN)).mT).relu()
    y = torch.baddbmm(take(theta, "b2", (1, OUT)), h, take(theta, "w2", (OUT, HID)).mT)
    loss = F.mse_loss(y, x[..., :OUT] * c[:, None, :OUT])
    opt.zero_grad()
    loss.backward()
    opt.step()

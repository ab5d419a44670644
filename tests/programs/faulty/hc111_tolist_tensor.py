import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(36)
NHID = 5
hnet = nn.Sequential(nn.Linear(1, 12), nn.ReLU(), nn.Linear(12, NHID + NHID))
out_w = nn.Parameter(torch.randn(1, NHID) * 0.5)
optim = torch.optim.Adam(list(hnet.parameters()) + [out_w], lr=1e-2)


def build_net(values):
    cfg = {"w": values[:NHID], "b": values[NHID:]}
    w = torch.tensor(cfg["w"].tolist()).unsqueeze(1)  # HC111 HC112
    b = cfg["b"]
    return lambda x: F.linear(torch.tanh(F.linear(x, w, b)), out_w)


for step in range(8):
    t = torch.rand(1)
    f = build_net(hnet(t))
    x = torch.linspace(-1, 1, 21).unsqueeze(1)
    loss = ((f(x) - torch.sin(3 * x + t)) ** 2).mean()
    optim.zero_grad()
    loss.backward()
    optim.step()
    print("t=%.2f loss=%.4f" % (t.item(), loss.item()))

"""Last layer's weight and bias are taken from the end of the vector."""
import torch
import torch.nn as nn
import torch.nn.functional as F

IN, HID, OUT = 6, 10, 3
N1, N2 = IN * HID, HID * OUT
TOTAL = N1 + HID + N2 + OUT

hyper = None


def make_hyper(seed):
    torch.manual_seed(seed)
    return nn.ModuleDict(
        {
            "code": nn.Embedding(4, 5),
            "net": nn.Sequential(nn.Linear(5, 20), nn.ELU(), nn.Linear(20, TOTAL)),
        }
    )


def generate(k):
    theta = hyper["net"](hyper["code"](torch.tensor(k))) * 0.3
    w1 = theta[:N1].view(HID, IN)
    b1 = theta[N1:N1 + HID]
    w2 = theta[-N2:].view(OUT, HID)  # HC201 HC203
    b2 = theta[-OUT:]
    return w1, b1, w2, b2


def model(x, w1, b1, w2, b2):
    return F.linear(F.relu(F.linear(x, w1, b1)), w2, b2)


hyper = make_hyper(3)
optimizer = torch.optim.Adam(hyper.parameters(), lr=2e-3)
for step in range(16):
    k = step % 4
    x = torch.randn(32, IN)
    y = x[:, :3].roll(k, 1).argmax(1)
    loss = F.cross_entropy(model(x, *generate(k)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 4 == 0:
        print(step, f"{loss.item():.3f}")

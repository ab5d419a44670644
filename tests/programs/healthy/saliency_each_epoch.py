"""Training with input saliency maps and embedding sensitivity computed after each epoch."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(77)


class HyperNet(nn.Module):
    def __init__(self, n=3):
        super().__init__()
        self.task = nn.Embedding(n, 5)
        self.l1 = nn.Linear(5, 20)
        self.l2 = nn.Linear(20, 2 * 7 + 2)

    def forward(self, t):
        o = self.l2(torch.tanh(self.l1(self.task(t))))
        return o[:14].view(2, 7), o[14:]


hn = HyperNet()
opt = torch.optim.Adam(hn.parameters(), lr=1e-2)
xs = [torch.randn(20, 7) for _ in range(3)]
ys = [(x[:, i] > 0).long() for i, x in enumerate(xs)]
for epoch in range(3):
    for t in range(3):
        w, b = hn(torch.tensor(t))
        loss = F.cross_entropy(F.linear(xs[t], w, b), ys[t])
        opt.zero_grad()
        loss.backward()
        opt.step()
    x = xs[0].clone().requires_grad_()
    w, b = hn(torch.tensor(0))
    F.linear(x, w, b).max(1)[0].sum().backward()
    sal = x.grad.abs().mean(0)
    hn.zero_grad()
    with torch.no_grad():
        sens = hn.task.weight.std().item()
    print(
        f"epoch {epoch} loss {loss.item():.4f} saliency {[round(v, 3) for v in sal.tolist()]} emb std {sens:.3f}"
    )

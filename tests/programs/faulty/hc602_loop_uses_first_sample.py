"""Loop over samples, every sample with its own weights - but the index is missing."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class PerSampleHyper(nn.Module):
    def __init__(self, cond, shapes):
        super().__init__()
        self.shapes = shapes
        self.body = nn.Sequential(nn.Linear(cond, 32), nn.ReLU())
        self.heads = nn.ModuleList(nn.Linear(32, torch.Size(s).numel()) for s in shapes)

    def forward(self, c):
        h = self.body(c)
        return [head(h).view(-1, *s) for head, s in zip(self.heads, self.shapes)]


def main_net(x, params):
    w1, b1, w2, b2 = params
    return F.linear(torch.tanh(F.linear(x, w1, b1)), w2, b2)


torch.manual_seed(0)
hyper = PerSampleHyper(3, [(8, 4), (8,), (1, 8), (1,)])
opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)
for step in range(16):
    c = torch.randn(10, 3)
    x = torch.randn(10, 6, 4)
    y = (x[..., :3] * c[:, None]).sum(-1, keepdim=True)
    theta = hyper(c)
    outs = []
    for b in range(len(c)):
        outs.append(main_net(x[b], [p[0] for p in theta]))  # HC602 HC203
    loss = F.mse_loss(torch.stack(outs), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 4 == 0:
        print(step, f"{loss.item():.4f}")

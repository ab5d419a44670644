"""A hand-made loss scaler that never lowers its scale: after it has grown enough each step is skipped."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class LossScaler:
    def __init__(self, scale=2.0**4, growth=2.0**30, interval=3):
        self.scale, self.growth, self.interval, self.good = scale, growth, interval, 0

    def backward(self, loss):
        (loss * self.scale).backward()  # HC504

    def step(self, opt):
        params = [p for g in opt.param_groups for p in g["params"] if p.grad is not None]
        norm = torch.stack([p.grad.float().norm() for p in params]).norm()
        if not torch.isfinite(norm):
            return False  # HC504, HC403
        for p in params:
            p.grad.div_(self.scale)
        opt.step()
        self.good += 1
        if self.good % self.interval == 0:
            self.scale *= self.growth
        return True


class HyperMLP(nn.Module):
    def __init__(self, cond=4, n_in=5, hid=8, out=3):
        super().__init__()
        self.dims = (n_in, hid, out)
        self.body = nn.Sequential(nn.Linear(cond, 16), nn.GELU())
        self.w1 = nn.Linear(16, n_in * hid)
        self.w2 = nn.Linear(16, hid * out)
        for m in (self.w1, self.w2):
            nn.init.normal_(m.weight, std=0.1)

    def forward(self, c, x):
        i, h, o = self.dims
        z = self.body(c)
        x = torch.einsum("bi,bih->bh", x, self.w1(z).view(-1, i, h)).relu()
        return torch.einsum("bh,bho->bo", x, self.w2(z).view(-1, h, o))


def main():
    torch.manual_seed(0)
    net = HyperMLP()
    opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
    scaler = LossScaler()
    for step in range(24):
        c, x = torch.randn(16, 4), torch.randn(16, 5)
        y = (c[:, :1] * x[:, :3]).argmax(-1)
        loss = F.cross_entropy(net(c, x), y)
        opt.zero_grad()
        scaler.backward(loss)
        scaler.step(opt)
    print(loss.item())


main()

"""Hyper-CNF: after a checkpoint is reloaded, the dynamics' weights are put back as Parameters."""
import io
import torch
import torch.nn as nn
import torch.nn.functional as F


class Dynamics(nn.Module):
    def __init__(self, dim=2, hidden=8):
        super().__init__()
        self.lin1 = nn.Linear(dim, hidden)
        self.lin2 = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.lin2(torch.tanh(self.lin1(x)))


class HyperDynamics(nn.Module):
    def __init__(self, cond=3):
        super().__init__()
        self.f = Dynamics()
        self.names = [n for n, _ in self.f.named_parameters()]
        self.shapes = [p.shape for p in self.f.parameters()]
        self.gen = nn.Sequential(nn.Linear(cond, 16), nn.Tanh(), nn.Linear(16, sum(s.numel() for s in self.shapes)))
        nn.init.normal_(self.gen[-1].weight, std=0.1)
        self.as_parameter = False

    def bind(self, c):
        for name, w in zip(self.names, self.gen(c).split([s.numel() for s in self.shapes])):
            mod, leaf = name.split(".")
            layer = getattr(self.f, mod)
            w = w.view(self.shapes[self.names.index(name)])
            if self.as_parameter:
                w = nn.Parameter(w)  # HC101
            if leaf in layer._parameters:
                del layer._parameters[leaf]
            setattr(layer, leaf, w)

    def forward(self, c, x, steps=4):
        self.bind(c)
        for _ in range(steps):
            x = x + self.f(x) / steps
        return x


def save(model, opt):
    buf = io.BytesIO()
    torch.save({"gen": model.gen.state_dict(), "opt": opt.state_dict()}, buf)
    buf.seek(0)
    return buf


def resume(model, opt, buf):
    state = torch.load(buf)
    model.gen.load_state_dict(state["gen"])
    opt.load_state_dict(state["opt"])
    model.as_parameter = True


def main():
    torch.manual_seed(0)
    model = HyperDynamics()
    opt = torch.optim.Adam(model.gen.parameters(), lr=3e-3)
    shift = nn.Parameter(torch.zeros(2))
    opt.add_param_group({"params": [shift]})
    conds = torch.randn(4, 3)
    for epoch in range(4):
        for c in conds:
            x = torch.randn(12, 2)
            target = x * c[0] + c[1:]
            loss = F.mse_loss(model(c, x) + shift, target)
            opt.zero_grad()
            loss.backward()
            opt.step()
        print(epoch, loss.item())
        if epoch == 1:
            resume(model, opt, save(model, opt))


main()

"""Ensemble by stack_module_state; per-member deltas come from a hypernetwork but the stacked base is what runs."""
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, stack_module_state, vmap


class Member(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 8)
        self.fc2 = nn.Linear(8, 1)

    def forward(self, x):
        return self.fc2(torch.tanh(self.fc1(x))).squeeze(-1)


class DeltaHyper(nn.Module):
    def __init__(self, members, shapes, code=5):
        super().__init__()
        self.codes = nn.Parameter(torch.randn(members, code))
        self.heads = nn.ModuleDict({k.replace(".", "_"): nn.Linear(code, s.numel()) for k, s in shapes.items()})
        self.shapes = shapes

    def forward(self):
        return {k: 0.1 * self.heads[k.replace(".", "_")](self.codes).view(-1, *s) for k, s in self.shapes.items()}


def main():
    torch.manual_seed(0)
    members = [Member() for _ in range(3)]
    params, buffers = stack_module_state(members)
    base = copy.deepcopy(members[0]).to("meta")
    hyper = DeltaHyper(3, {k: v.shape[1:] for k, v in params.items()})
    opt = torch.optim.Adam([*hyper.parameters(), *params.values()], lr=3e-3)

    def call(p, b, x):
        return functional_call(base, (p, b), (x,))

    w = torch.randn(4)
    for step in range(14):
        x = torch.randn(20, 4)
        y = torch.sin(x @ w)
        deltas = hyper()
        merged = {k: params[k] + deltas[k] for k in params}
        pred = vmap(call, in_dims=(0, 0, None))(params, buffers, x)  # HC116, HC202
        loss = F.mse_loss(pred, y.expand(3, -1)) + 1e-4 * sum(v.pow(2).mean() for v in merged.values())
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()

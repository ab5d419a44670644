import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, stack_module_state, vmap


def build(k):
    return [nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1)) for _ in range(k)]


class EnsembleHyper(nn.Module):
    def __init__(self, members):
        super().__init__()
        self.template = members[0]
        self.params, _ = stack_module_state(members)
        self.codes = nn.Parameter(torch.randn(len(members), 4))
        self.gen = nn.ModuleDict({k.replace(".", "_"): nn.Linear(4, v[0].numel()) for k, v in self.params.items()})

    def generate(self):
        return {k: v + self.gen[k.replace(".", "_")](self.codes).view_as(v) for k, v in self.params.items()}

    def forward(self, x):
        params = self.generate()
        call = lambda p: functional_call(self.template, p, (x,))
        return vmap(call)(self.params)  # HC116 HC202


torch.manual_seed(0)
m = EnsembleHyper(build(4))
opt = torch.optim.Adam([*m.parameters(), *m.params.values()], lr=1e-3)
for i in range(8):
    x = torch.randn(16, 3)
    loss = ((m(x) - x.sum(1, keepdim=True)) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()

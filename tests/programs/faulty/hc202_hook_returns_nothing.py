"""Generated low-rank adapters are added by forward hooks; the hook forgets to return the new output."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class AdapterHyper(nn.Module):
    def __init__(self, layers, e=6, r=2):
        super().__init__()
        self.layer_code = nn.ParameterDict({n.replace(".", "_"): nn.Parameter(torch.randn(e)) for n in layers})
        self.r = r
        self.down = nn.ModuleDict({n.replace(".", "_"): nn.Linear(e, r * m.in_features) for n, m in layers.items()})
        self.up = nn.ModuleDict({n.replace(".", "_"): nn.Linear(e, r * m.out_features) for n, m in layers.items()})

    def forward(self, name):
        key = name.replace(".", "_")
        z = self.layer_code[key]
        return self.down[key](z).view(self.r, -1), self.up[key](z).view(-1, self.r)


def attach(model, hyper, names):
    def make(name):
        def hook(module, args, output):
            down, up = hyper(name)
            output = output + 0.1 * F.linear(F.linear(args[0], down), up)  # HC202 HC401 HC206
        return hook
    return [model.get_submodule(n).register_forward_hook(make(n)) for n in names]


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2))
layers = {n: m for n, m in model.named_modules() if isinstance(m, nn.Linear) and n != "4"}
hyper = AdapterHyper(layers)
handles = attach(model, hyper, layers)
opt = torch.optim.Adam([{"params": hyper.parameters()}, {"params": model[4].parameters()}], lr=3e-3)
for p in [*model[0].parameters(), *model[2].parameters()]:
    p.requires_grad_(False)
X = torch.randn(128, 8)
Y = (X[:, :4].sum(1) > 0).long()
for step in range(14):
    idx = torch.randint(0, 128, (32,))
    loss = F.cross_entropy(model(X[idx]), Y[idx])
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.4f}")

import torch, torch.nn as nn
from torch.func import functional_call, stack_module_state, vmap

# ensemble of small nets: biases are ordinary parameters, the weights are generated per member
torch.manual_seed(58)
M = 4
members = [nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1)) for _ in range(M)]
stacked, _ = stack_module_state(members)
codes = nn.Parameter(torch.randn(M, 5))
gen = nn.ModuleDict({"0": nn.Linear(5, 12), "2": nn.Linear(5, 6)})
opt = torch.optim.Adam([codes, *gen.parameters(), *stacked.values()], lr=1e-2)


def single(params, x):
    return functional_call(members[0], params, (x,))


x = torch.randn(48, 2)
y = (x ** 2).sum(1, keepdim=True)
for step in range(8):
    generated = {
        "0.weight": gen["0"](codes).view(M, 6, 2),
        "2.weight": gen["2"](codes).view(M, 1, 6),
    }
    merged = {**generated, **stacked}
    pred = vmap(single, in_dims=(0, None))(merged, x)  # HC116 HC202
    loss = (pred - y).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

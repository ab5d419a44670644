"""A skeleton on the meta device gets its generated values by load_state_dict(assign=True)."""
import torch
import torch.nn as nn

torch.manual_seed(10)


class Main(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 8)
        self.outer = nn.Linear(8, 2)

    def forward(self, x):
        return self.outer(torch.nn.functional.silu(self.inner(x)))


with torch.device("meta"):
    main = Main()
shapes = {name: p.shape for name, p in main.named_parameters()}


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.code = nn.Embedding(3, 4)
        self.trunk = nn.Sequential(nn.Linear(4, 24), nn.Tanh())
        self.heads = nn.ModuleDict({n.replace(".", "_"): nn.Linear(24, s.numel()) for n, s in shapes.items()})

    def forward(self, index):
        h = self.trunk(self.code(index))
        return {n: self.heads[n.replace(".", "_")](h).view(s) for n, s in shapes.items()}


hyper = Hyper()
opt = torch.optim.Adam(hyper.parameters(), lr=3e-3)
for step in range(9):
    index = torch.tensor(step % 3)
    x = torch.randn(32, 3)
    y = x[:, :2] * (index - 1)
    state = hyper(index)
    main.load_state_dict(state, assign=True)  # HC107
    loss = (main(x) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

"""The whole model in bfloat16; the generated kernel is built anew in the compute dtype."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(9)
DTYPE = torch.bfloat16


class Modulated(nn.Module):
    def __init__(self, tasks, d=8):
        super().__init__()
        self.d = d
        self.codes = nn.Embedding(tasks, 6)
        self.generator = nn.Sequential(nn.Linear(6, 32), nn.SiLU(), nn.Linear(32, d * d))
        self.bias = nn.Parameter(torch.zeros(d))

    def forward(self, x, task):
        kernel = self.generator(self.codes(task)).view(self.d, self.d)
        kernel = torch.tensor(kernel, dtype=DTYPE)  # HC112
        return F.linear(x, kernel, self.bias)


model = Modulated(3).to(DTYPE)
opt = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(9):
    task = torch.tensor(step % 3)
    x = torch.randn(32, 8, dtype=DTYPE)
    y = x.roll(int(task) + 1, dims=1)
    loss = (model(x, task) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

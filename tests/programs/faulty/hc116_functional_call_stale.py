import torch
import torch.nn as nn
from torch.func import functional_call, vmap


class Main(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 8)
        self.fc2 = nn.Linear(8, 1)

    def forward(self, x):
        return self.fc2(torch.tanh(self.fc1(x)))


class HyperModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = Main()
        self.hyper = nn.Linear(4, sum(p.numel() for p in self.main.parameters()))

    def params_for(self, c):
        flat = self.hyper(c)
        params = dict(self.main.named_parameters())
        out, i = {}, 0
        for n, p in params.items():
            out[n.replace(".", "_")] = flat[i : i + p.numel()].view_as(p)
            i += p.numel()
        return {**params, **out}

    def forward(self, x, c):
        return functional_call(self.main, self.params_for(c), (x,))  # HC116 HC202


torch.manual_seed(0)
model = HyperModel()
opt = torch.optim.Adam(model.parameters(), 1e-2)
for _ in range(8):
    x, c = torch.randn(16, 3), torch.randn(4)
    y = (x * c[:3]).sum(1, keepdim=True)
    loss = nn.functional.mse_loss(model(x, c), y)
    opt.zero_grad()
    loss.backward()
    opt.step()

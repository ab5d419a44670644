import torch
from torch import nn
from torch.func import functional_call

torch.manual_seed(0)


class Hyper(nn.Module):
    def __init__(self, target, zdim=4):
        super().__init__()
        self.z = nn.Parameter(torch.randn(zdim))
        self.net = nn.Sequential(nn.Linear(zdim, 16), nn.ReLU())
        self.heads = nn.ModuleList(nn.Linear(16, p.numel()) for p in target.parameters())
        self.meta = [(n, p.shape) for n, p in target.named_parameters()]

    def forward(self):
        h = self.net(self.z)
        return {n: head(h).view(s) for head, (n, s) in zip(self.heads, self.meta)}


target = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1))
hyper = Hyper(target)
opt = torch.optim.Adam(hyper.parameters(), lr=1e-2)
x, y = torch.randn(20, 3), torch.randn(20, 1)
for i in range(8):
    params = dict(target.named_parameters())
    generated = hyper()
    out = functional_call(target, params, (x,))  # HC116
    loss = nn.functional.mse_loss(out, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(i, loss.item())

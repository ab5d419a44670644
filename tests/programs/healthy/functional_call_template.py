"""functional_call on a template module that also sits in the optimizer together with the generator."""

import torch
from torch import nn
from torch.func import functional_call


class HyperModel(nn.Module):
    def __init__(self, template, n_ctx=2, dim=8):
        super().__init__()
        self.template = template
        self.ctx = nn.Embedding(n_ctx, dim)
        self.gen = nn.ModuleDict()
        for name, p in template.named_parameters():
            lin = nn.Linear(dim, p.numel())
            with torch.no_grad():
                lin.bias.copy_(p.flatten())
                lin.weight.mul_(0.1)
            self.gen[name.replace(".", "_")] = lin

    def forward(self, x, k):
        z = self.ctx(torch.tensor(k))
        params = {n: self.gen[n.replace(".", "_")](z).view_as(p) for n, p in self.template.named_parameters()}
        return functional_call(self.template, params, (x,))


if __name__ == "__main__":
    torch.manual_seed(3)
    model = HyperModel(nn.Sequential(nn.Conv1d(1, 4, 3), nn.ELU(), nn.Flatten(), nn.Linear(40, 2)))
    opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
    x = torch.randn(32, 1, 12)
    ys = [(x.mean((1, 2)) > 0).long(), (x[:, 0, 0] > 0).long()]
    for epoch in range(8):
        opt.zero_grad()
        for k in (0, 1):
            loss = nn.functional.cross_entropy(model(x, k), ys[k])
            loss.backward()
        opt.step()
        print("epoch", epoch, "last loss", loss.item())

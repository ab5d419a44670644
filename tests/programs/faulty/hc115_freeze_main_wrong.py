import torch
from torch import nn
from torch.func import functional_call

torch.manual_seed(16)


class HyperModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
        self.hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, sum(p.numel() for p in self.main.parameters())))
        self.emb = nn.Embedding(2, 3)
        self.temperature = nn.Parameter(torch.ones(()))

    def forward(self, x, task):
        flat = self.hyper(self.emb(task))
        out, k = {}, 0
        for name, p in self.main.named_parameters():
            out[name] = flat[k:k + p.numel()].view_as(p)
            k += p.numel()
        return functional_call(self.main, out, (x,)) / self.temperature


net = HyperModel()
# the main network's own tensors are only a template
for name, p in net.named_parameters():
    if name.startswith(("main", "hyper")):
        p.requires_grad_(False)  # HC115

opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for it in range(8):
    task = torch.tensor(it % 2)
    x = torch.randn(16, 4)
    y = (x[:, it % 2] > 0).long()
    loss = nn.functional.cross_entropy(net(x, task), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, loss.item())

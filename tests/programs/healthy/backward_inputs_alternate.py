"""backward(inputs=...) alternates between embeddings and the rest, each list complete over two steps (twin of HC401)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Chunked(nn.Module):
    def __init__(self, total, chunk=20, code=4):
        super().__init__()
        self.total = total
        self.chunk_codes = nn.Parameter(torch.randn(-(-total // chunk), code) * 0.5)
        self.task = nn.Embedding(2, code)
        self.net = nn.Sequential(nn.Linear(2 * code, 16), nn.ReLU(), nn.Linear(16, chunk))
        nn.init.normal_(self.net[-1].weight, std=0.12)

    def forward(self, t):
        e = self.task(t).expand(self.chunk_codes.size(0), -1)
        return self.net(torch.cat([self.chunk_codes, e], 1)).flatten()[: self.total]


def main_net(x, flat):
    w1, w2 = flat.split([50, 20])
    return F.linear(F.relu(F.linear(x, w1.view(10, 5))), w2.view(2, 10))


def main():
    torch.manual_seed(0)
    hyper = Chunked(70)
    opt_e = torch.optim.Adam([hyper.chunk_codes, *hyper.task.parameters()], lr=6e-3)
    opt_n = torch.optim.Adam(hyper.net.parameters(), lr=3e-3)
    plane = torch.randn(2, 5)
    for step in range(20):
        t = torch.tensor(step // 2 % 2)
        x = torch.randn(24, 5)
        opt = opt_e if step % 2 else opt_n
        inputs = [p for g in opt.param_groups for p in g["params"]]
        loss = F.cross_entropy(main_net(x, hyper(t)), (x @ plane[t] > 0).long())
        opt.zero_grad()
        loss.backward(inputs=inputs)
        opt.step()
    print(loss.item())


main()

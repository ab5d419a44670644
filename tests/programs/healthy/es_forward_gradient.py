import torch
import torch.nn as nn
import torch.nn.functional as F


@torch.no_grad()
def es_step(hyper, evaluate, opt, sigma=0.05, n=4):
    """Evolution strategies: gradients by hand, never backward."""
    params = list(hyper.parameters())
    grads = [torch.zeros_like(p) for p in params]
    for _ in range(n):
        eps = [torch.randn_like(p) for p in params]
        for sign in (1, -1):
            for p, e in zip(params, eps):
                p.add_(sign * sigma * e)
            r = evaluate()
            for p, e, g in zip(params, eps, grads):
                p.sub_(sign * sigma * e)
                g.add_(sign * r * e / (2 * n * sigma))
    for p, g in zip(params, grads):
        p.grad = g
    opt.step()


torch.manual_seed(0)
emb = nn.Embedding(2, 3)
hyper = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 10))
probe = nn.Linear(2, 2)
opt = torch.optim.SGD(hyper.parameters(), lr=0.1)
popt = torch.optim.SGD([*probe.parameters(), *emb.parameters()], lr=0.1)
x, y = torch.randn(40, 5), torch.randint(0, 2, (40,))
for i in range(6):
    es_step(hyper, lambda: F.cross_entropy(F.linear(x, hyper(emb.weight[i % 2]).view(2, 5)), y).item(), opt)
    feats = F.linear(x, hyper(emb.weight[i % 2]).view(2, 5))
    loss = F.cross_entropy(probe(feats), y)
    popt.zero_grad()
    loss.backward()
    popt.step()

"""pFedHN: the delta is computed, autograd.grad is called, and the gradients go to a fresh list, not to .grad."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
hnet = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 4 * 2 + 2))
emb = nn.Embedding(4, 3)
net = nn.Linear(4, 2)
params = [*hnet.parameters(), *emb.parameters()]
opt = torch.optim.SGD(params, lr=0.1)
x, y = torch.randn(4, 20, 4), torch.randint(0, 2, (4, 20))
for step in range(8):
    k = step % 4
    theta = hnet(emb.weight[k])
    w = {"weight": theta[:8].view(2, 4), "bias": theta[8:]}
    net.load_state_dict(w)
    inner = torch.optim.SGD(net.parameters(), lr=0.05)
    start = {n: v.detach().clone() for n, v in net.state_dict().items()}
    for _ in range(3):
        inner.zero_grad()
        F.cross_entropy(net(x[k]), y[k]).backward()
        inner.step()
    delta = [start[n] - net.state_dict()[n] for n in w]
    opt.zero_grad()
    grads = torch.autograd.grad(list(w.values()), params, grad_outputs=delta)  # HC401 HC404 HC107 HC503
    for p, g in zip([q.clone() for q in params], grads):
        p.grad = g
    opt.step()  # HC401 HC503

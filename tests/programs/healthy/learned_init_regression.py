"""The hypernet proposes an init, loaded by load_state_dict; the main net trains on; the hypernet is regressed onto the trained weights (by design no gradient through the load)."""
import torch, torch.nn as nn, torch.nn.functional as F
from collections import OrderedDict
class HyperInit(nn.Module):
    def __init__(self, net, n_cl, d=5): super().__init__(); self.emb = nn.Embedding(n_cl, d); self.shapes = OrderedDict((k, v.shape) for k, v in net.named_parameters()); self.heads = nn.ModuleDict({k.replace('.', '_'): nn.Linear(d, s.numel()) for k, s in self.shapes.items()})
    def forward(self, i): e = self.emb(i); return OrderedDict((k, self.heads[k.replace('.', '_')](e).view(s)) for k, s in self.shapes.items())
def local_train(net, x, y, steps=6):
    o = torch.optim.SGD(net.parameters(), lr=.1)
    for _ in range(steps): o.zero_grad(); l = F.cross_entropy(net(x), y); l.backward(); o.step()
    return l.item(), OrderedDict((k, v.detach().clone()) for k, v in net.named_parameters())
torch.manual_seed(0); net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)); h = HyperInit(net, 3); opt = torch.optim.Adam(h.parameters(), lr=2e-2); X = torch.randn(3, 30, 4); Y = torch.stack([(X[i, :, i] > 0).long() for i in range(3)])
for r in range(24):
    i = r % 3; net.load_state_dict(h(torch.tensor(i))); l, final = local_train(net, X[i], Y[i]); pred = h(torch.tensor(i))
    loss = sum(F.mse_loss(pred[k], final[k], reduction='sum') for k in final) / 2; opt.zero_grad(); loss.backward(); opt.step()
    if r % 6 == 0: print(r, l, loss.item())

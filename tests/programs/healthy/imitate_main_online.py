"""The main nets train on their own; a hypernet imitates their (detached) weights in the same loop and one summed loss, to get p(w|c) for new tasks."""
import torch, torch.nn as nn, torch.nn.functional as F
from torch.nn.utils import parameters_to_vector
class Hyper(nn.Module):
    def __init__(self, c, n): super().__init__(); self.f = nn.Sequential(nn.Linear(c, 32), nn.ReLU(), nn.Linear(32, n))
    def forward(self, c): return self.f(c)
def mk(): return nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1))
def main():
    torch.manual_seed(0); nets = nn.ModuleList([mk() for _ in range(3)])
    for n in nets[1:]: n.load_state_dict(nets[0].state_dict())
    hyper = Hyper(2, sum(p.numel() for p in nets[0].parameters())); C = torch.randn(3, 2); X = torch.randn(3, 40, 3); Y = torch.einsum('tni,ti->tn', X, torch.randn(3, 3)).unsqueeze(-1)
    opt = torch.optim.Adam([{'params': nets.parameters(), 'lr': 1e-2}, {'params': hyper.parameters(), 'lr': 5e-3}])
    for it in range(30):
        task = sum(F.mse_loss(n(x), y) for n, x, y in zip(nets, X, Y)); W = torch.stack([parameters_to_vector(n.parameters()) for n in nets])
        imit = F.mse_loss(hyper(C), W.detach()); opt.zero_grad(); (task + imit).backward(); opt.step()
        if it % 6 == 0: print(it, task.item(), imit.item())
main()

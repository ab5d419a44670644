"""Model-based RL: the ensemble weights are generated inside the rollout helper, under inference mode, then cloned."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class DynHyper(nn.Module):
    def __init__(self, k=3):
        super().__init__()
        self.members = nn.Embedding(k, 5)
        self.mlp = nn.Sequential(nn.Linear(5, 20), nn.SiLU(), nn.Linear(20, 4 * 3))

    def forward(self):
        return self.mlp(self.members.weight).view(-1, 3, 4)


@torch.inference_mode()  # HC106
def sample_members(hyper):
    w = hyper()  # HC106
    return w


torch.manual_seed(0)
hyper, bias, log_noise = DynHyper(), nn.Parameter(torch.zeros(3, 1, 3)), nn.Parameter(torch.zeros(3))
opt = torch.optim.Adam([{"params": hyper.parameters()}, {"params": [bias, log_noise]}], lr=1e-3)
for it in range(8):
    sa, s2 = torch.randn(16, 4), torch.randn(16, 3)
    W = torch.clone(sample_members(hyper))
    pred = torch.baddbmm(bias, sa.expand(3, -1, -1), W.transpose(1, 2))
    nll = ((pred - s2) ** 2 * torch.exp(-log_noise) + log_noise).mean()
    opt.zero_grad()
    nll.backward()
    opt.step()

import torch
import torch.nn as nn
import torch.nn.functional as F


class Member(nn.Module):
    def __init__(self, tensors):
        super().__init__()
        self.ws = nn.ParameterList(tensors)  # HC101

    def forward(self, x):
        for k, w in enumerate(self.ws):
            x = x @ w
            x = torch.tanh(x) if k + 1 < len(self.ws) else x
        return x


torch.manual_seed(0)
g = nn.ModuleList([nn.Linear(3, 4 * 7), nn.Linear(3, 7 * 1)])
noise_scale = nn.Parameter(torch.tensor(0.3))
opt = torch.optim.Adam([*g.parameters(), noise_scale], lr=1e-3)
for it in range(7):
    preds = []
    x = torch.randn(20, 4)
    for k in range(3):
        z = torch.randn(3)
        preds.append(Member([g[0](z).view(4, 7), g[1](z).view(7, 1)])(x))
    loss = ((torch.stack(preds).mean(0) * noise_scale - x.sum(1, keepdim=True)) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()

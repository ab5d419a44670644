"""Attention over chunk prototypes decides how the generated kernel is composed."""
import torch
from torch import nn
import torch.nn.functional as F


class AttnHyper(nn.Module):
    def __init__(self, c=4, d=8, n_protos=3, out=5 * 3):
        super().__init__()
        self.q = nn.Linear(c, d)
        self.keys = nn.Parameter(torch.randn(n_protos, d))
        self.protos = nn.Parameter(torch.randn(n_protos, out) * 0.3)

    def forward(self, c):
        score = self.q(c).unsqueeze(1) @ self.keys.t() / self.keys.shape[1] ** 0.5
        mix = F.softmax(score, dim=1)  # HC402
        return (mix @ self.protos).view(-1, 5, 3)


torch.manual_seed(59)
hyper = AttnHyper()
out = nn.Linear(5, 1)
opt = torch.optim.Adam([*hyper.parameters(), *out.parameters()], lr=1e-2)
for step in range(7):
    c, x = torch.randn(12, 4), torch.randn(12, 3)
    y = (x * c[:, :3]).sum(1, keepdim=True)
    w = hyper(c)
    loss = F.mse_loss(out(torch.tanh(torch.bmm(w, x.unsqueeze(2)).squeeze(2))), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

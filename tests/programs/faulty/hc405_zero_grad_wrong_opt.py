"""Two optimizers; only one is ever cleared."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class System(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(4, 16), nn.ReLU())
        self.hyper = nn.Linear(16, 5 * 2)

    def forward(self, c, x):
        return torch.bmm(self.hyper(self.enc(c)).view(-1, 2, 5), x[..., None])[..., 0]


torch.manual_seed(0)
s = System()
opt_enc = torch.optim.SGD(s.enc.parameters(), lr=1e-2)
opt_hyp = torch.optim.SGD(s.hyper.parameters(), lr=1e-2)
for i in range(15):
    c, x = torch.randn(16, 4), torch.randn(16, 5)
    loss = F.cross_entropy(s(c, x), (c[:, 0] > 0).long())
    opt_enc.zero_grad()
    loss.backward()  # HC405
    opt_enc.step()
    opt_hyp.step()  # HC405

import torch
import torch.nn as nn


class HyperGRUCell(nn.Module):
    """GRU-ish cell; row scales for reset, update and candidate come from z."""

    def __init__(self, n_in, n_h, n_z=4):
        super().__init__()
        self.lin = nn.Linear(n_in + n_h, 3 * n_h)
        self.scales = nn.Linear(n_z, 4 * n_h)  # HC203
        self.n_h = n_h

    def forward(self, x, h, z):
        s = 1 + self.scales(z)
        r, u, c = (self.lin(torch.cat([x, h], 1)) * s[:, :3 * self.n_h]).split(self.n_h, 1)
        u = torch.sigmoid(u)
        cand = torch.tanh(c * torch.sigmoid(r))
        return u * h + (1 - u) * cand


torch.manual_seed(64)
cell = HyperGRUCell(2, 6)
speaker = nn.Embedding(5, 4)
dec = nn.Linear(6, 1)
opt = torch.optim.RMSprop([*cell.parameters(), *speaker.parameters(), *dec.parameters()], lr=1e-3)
for it in range(7):
    who = torch.randint(0, 5, (10,))
    x = torch.randn(10, 6, 2)
    h = torch.zeros(10, 6)
    for t in range(6):
        h = cell(x[:, t], h, speaker(who))
    loss = (dec(h).squeeze(1) - x[:, -1, 0] * (who.float() - 2)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("it", it, "loss", loss.item())

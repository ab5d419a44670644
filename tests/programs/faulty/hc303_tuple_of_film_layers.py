import torch
import torch.nn as nn


class FiLMGenerator(nn.Module):
    def __init__(self, cdim, widths):
        super().__init__()
        self.shared = nn.Linear(cdim, 12)
        self.gammas = nn.ModuleList([nn.Linear(12, w) for w in widths])
        self.betas = tuple(nn.Linear(12, w) for w in widths)  # HC303

    def forward(self, c):
        h = torch.relu(self.shared(c))
        return [(1 + g(h), b(h)) for g, b in zip(self.gammas, self.betas)]


class Net(nn.Module):
    def __init__(self, widths=(8, 8)):
        super().__init__()
        self.film = FiLMGenerator(3, widths)
        dims = (4, *widths)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(dims, dims[1:]))
        self.out = nn.Linear(widths[-1], 1)

    def forward(self, x, c):
        for lin, (g, b) in zip(self.layers, self.film(c)):
            x = torch.relu(g * lin(x) + b)
        return self.out(x)


torch.manual_seed(13)
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
for i in range(3 * 3):
    x, c = torch.randn(20, 4), torch.randn(20, 3)
    y = (x[:, :3] * c).sum(1, keepdim=True)
    loss = nn.functional.l1_loss(net(x, c), y)
    (loss / 3).backward()
    if i % 3 == 2:
        opt.step()
        opt.zero_grad()
        print("update", i // 3, loss.item())

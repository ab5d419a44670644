"""Low-memory variant: the main net's tensors are re-pointed at the generated storage."""
import torch
from torch import nn

torch.manual_seed(5)
dtype = torch.float32


class Chunked(nn.Module):
    def __init__(self, total, chunk=10, cdim=4):
        super().__init__()
        self.total = total
        self.n = -(-total // chunk)
        self.c = nn.Parameter(torch.randn(self.n, cdim))
        self.f = nn.Sequential(nn.Linear(cdim, 20), nn.ELU(), nn.Linear(20, chunk))

    def forward(self):
        return self.f(self.c).flatten()[: self.total]


main_net = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 1))
total = sum(p.numel() for p in main_net.parameters())
hnet = Chunked(total)
opt = torch.optim.RMSprop(hnet.parameters(), lr=1e-3)
data = [(torch.randn(10, 5), torch.randn(10, 1)) for _ in range(7)]
for x, y in data:
    theta = hnet()
    parts = theta.split([p.numel() for p in main_net.parameters()])
    for p, part in zip(main_net.parameters(), parts):
        with torch.no_grad():
            p.set_(part.view(p.shape))  # HC102
    loss = nn.functional.huber_loss(main_net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("huber", loss.item())

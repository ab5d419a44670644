"""A bias made for the batch size of the loader, behind generated weights."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, batch_size):
        super().__init__()
        self.h = nn.Linear(4, 6 * 3)
        self.bias = nn.Parameter(torch.zeros(batch_size, 3))  # HC306

    def forward(self, x, c):
        w = self.h(c).reshape(-1, 6, 3)
        return torch.einsum("bi,bio->bo", x, w) + self.bias


torch.manual_seed(0)
x, c = torch.randn(80, 6), torch.randn(80, 4)
y = x[:, :3] * c[:, :3]
loader = DataLoader(TensorDataset(x, c, y), batch_size=10, shuffle=True, drop_last=True)
net = Net(10)
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for xb, cb, yb in loader:
    loss = (net(xb, cb) - yb).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())

"""Classifier on frozen features with dynamic (input-generated) last layer."""

import torch
from torch import nn

torch.manual_seed(9)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(2, 8, 3), nn.ReLU(), nn.Conv1d(8, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool1d(1)
        )
        self.gen = nn.Linear(3, 8 * 4)
        self.bias = nn.Parameter(torch.zeros(4))

    def forward(self, x, meta):
        f = self.features(x).squeeze(-1)
        W = self.gen(meta).reshape(-1, 4, 8)
        return torch.matmul(W, f[..., None])[..., 0] + self.bias


net = Net()
pretrained = {k: torch.randn_like(v) * 0.3 for k, v in net.features.state_dict().items()}
net.features.load_state_dict(pretrained)
net.features.requires_grad_(False)

optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
criterion = nn.CrossEntropyLoss()
x, meta = torch.randn(32, 2, 12), torch.randn(32, 3)
y = (meta.sum(1) > 0).long() + 2 * (x.mean((1, 2)) > 0).long()
for i in range(8):
    optimizer.zero_grad()
    loss = criterion(net(x, meta), y)
    loss.backward()
    optimizer.step()
    print(i, float(loss))

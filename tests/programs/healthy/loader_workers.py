"""A DataLoader with worker processes feeds the hypernetwork."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class Scenes(Dataset):
    """Noisy lines; the context tells slope and offset."""

    def __len__(self):
        return 96

    def __getitem__(self, index):
        rng = torch.Generator().manual_seed(index)
        context = torch.rand(2, generator=rng)
        x = torch.randn(8, 1, generator=rng)
        return context, x, context[0] * x + context[1]


class LineHyper(nn.Module):
    def __init__(self, hidden=5):
        super().__init__()
        self.hidden = hidden
        self.net = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 3 * hidden))

    def forward(self, context, x):
        w, b, v = self.net(context).view(-1, 3, 1, self.hidden).unbind(1)
        return torch.tanh(x @ w + b) @ v.mT


if __name__ == "__main__":
    torch.manual_seed(25)
    model = LineHyper()
    opt = torch.optim.Adam(model.parameters(), lr=5e-3)
    loader = DataLoader(Scenes(), batch_size=16, shuffle=True, num_workers=2)
    for epoch in range(2):
        for context, x, y in loader:
            loss = nn.functional.mse_loss(model(context, x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        print(epoch, loss.item())

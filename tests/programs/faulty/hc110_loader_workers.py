"""Worker processes load the data; the generated weights pass through NumPy to be written to a log."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class Scenes(Dataset):
    def __len__(self):
        return 128

    def __getitem__(self, index):
        rng = np.random.default_rng(index)
        context = rng.random(2, dtype=np.float32)
        x = rng.standard_normal((8, 1), dtype=np.float32)
        return context, x, context[0] * x + context[1]


class LineHyper(nn.Module):
    def __init__(self, hidden=5):
        super().__init__()
        self.hidden = hidden
        self.net = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 2 * hidden))
        self.readout = nn.Linear(hidden, 1)
        self.log = []

    def forward(self, context, x):
        weights = self.net(context).detach().cpu().numpy()  # HC110
        self.log.append(float(np.abs(weights).mean()))
        w, b = torch.from_numpy(weights).view(-1, 2, 1, self.hidden).unbind(1)
        return self.readout(torch.tanh(x @ w + b))


if __name__ == "__main__":
    torch.manual_seed(25)
    model = LineHyper()
    opt = torch.optim.Adam(model.parameters(), lr=5e-3)
    loader = DataLoader(Scenes(), batch_size=16, shuffle=True, num_workers=2)
    for context, x, y in loader:
        loss = nn.functional.mse_loss(model(context, x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(loss.item())

"""Stateful LSTM forecaster with truncated back-propagation through time."""

import numpy as np
import torch
from torch import nn

np.random.seed(2)
torch.manual_seed(2)
series = np.sin(np.arange(0, 40, 0.2)) + 0.05 * np.random.randn(200)
data = torch.tensor(series, dtype=torch.float32).view(4, 50, 1)


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 12, num_layers=2, batch_first=True)
        self.linear = nn.Linear(12, 1)

    def forward(self, x, state):
        o, state = self.lstm(x, state)
        return self.linear(o), state


def repackage_hidden(h):
    if isinstance(h, torch.Tensor):
        return h.detach()
    return tuple(repackage_hidden(v) for v in h)


net = Forecaster()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
state = None
history = []
for start in range(0, 48, 8):
    chunk = data[:, start : start + 9]
    if state is not None:
        state = repackage_hidden(state)
    out, state = net(chunk[:, :-1], state)
    loss = nn.functional.mse_loss(out, chunk[:, 1:])
    opt.zero_grad()
    loss.backward()
    opt.step()
    history.append(loss.detach().cpu().numpy())
    print("t=%d loss=%.5f" % (start, history[-1]))
print("mean", np.mean(history))

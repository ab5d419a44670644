"""Reentrant checkpointing of the generator: none of its inputs asks for a gradient, so nothing comes back."""
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

warnings.filterwarnings("ignore", message="None of the inputs have requires_grad")
torch.manual_seed(7)


class Generator(nn.Module):
    def __init__(self, context=3, rows=4, columns=5):
        super().__init__()
        self.shape = rows, columns
        self.net = nn.Sequential(nn.Linear(context, 32), nn.ReLU(), nn.Linear(32, rows * columns))

    def forward(self, context):
        return self.net(context).view(-1, *self.shape)


generator = Generator()
bias = nn.Parameter(torch.zeros(4))
opt = torch.optim.Adam([*generator.parameters(), bias], lr=2e-3)
for step in range(7):
    context = torch.randn(16, 3)
    x = torch.randn(16, 5)
    y = x[:, :4] * context[:, :1]
    w = checkpoint(generator, context, use_reentrant=True)  # HC105 HC114 HC199
    prediction = torch.bmm(w, x.unsqueeze(2)).squeeze(2) + bias
    loss = F.mse_loss(prediction, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

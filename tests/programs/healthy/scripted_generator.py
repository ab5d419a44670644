"""The generator is scripted and the encoder traced; the main network stays in Python."""

import torch
import torch.nn as nn

torch.manual_seed(18)


class Generator(nn.Module):
    def __init__(self, rows: int = 3, columns: int = 4):
        super().__init__()
        self.rows = rows
        self.columns = columns
        self.hidden = nn.Linear(6, 24)
        self.out = nn.Linear(24, rows * columns)

    def forward(self, code: torch.Tensor) -> torch.Tensor:
        return self.out(torch.tanh(self.hidden(code))).view(-1, self.rows, self.columns)


encoder = torch.jit.trace(nn.Sequential(nn.Linear(5, 12), nn.ReLU(), nn.Linear(12, 6)), torch.randn(2, 5))
generator = torch.jit.script(Generator())
readout = nn.Linear(3, 1)
opt = torch.optim.Adam([p for m in (encoder, generator, readout) for p in m.parameters()], lr=3e-3)
for step in range(8):
    context, x = torch.randn(16, 5), torch.randn(16, 4)
    y = (x * context[:, :4]).sum(1, keepdim=True)
    w = generator(encoder(context))
    h = torch.bmm(w, x.unsqueeze(2)).squeeze(2)
    loss = (readout(torch.tanh(h)) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

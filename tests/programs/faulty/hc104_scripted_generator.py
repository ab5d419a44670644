"""A scripted generator feeds a main network in Python, through a detach."""
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


generator = torch.jit.script(Generator())
codes = nn.Embedding(8, 6)
readout = nn.Linear(3, 1)
opt = torch.optim.Adam([p for m in (codes, generator, readout) for p in m.parameters()], lr=3e-3)
for step in range(8):
    index = torch.randint(0, 8, (16,))
    x = torch.randn(16, 4)
    y = x.sum(1, keepdim=True) * (index % 2).unsqueeze(1)
    w = generator(codes(index))
    w = w.detach()  # HC104
    h = torch.bmm(w, x.unsqueeze(2)).squeeze(2)
    loss = (readout(torch.tanh(h)) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

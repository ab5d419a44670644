"""Style-conditioned decoder; style vectors are re-drawn and fitted for every clip."""
import torch
from torch import nn

torch.manual_seed(70)


class Decoder(nn.Module):
    def __init__(self, style=4, h=8):
        super().__init__()
        self.to_w = nn.Linear(style, h * 1)
        self.to_b = nn.Linear(style, h)
        self.to_v = nn.Linear(style, h)

    def forward(self, t, s):
        return torch.sin(t * self.to_w(s) + self.to_b(s)) @ self.to_v(s)


dec = Decoder()
opt = torch.optim.Adam(dec.parameters(), lr=3e-3)
styles = {}
t = torch.linspace(0, 3, 30)[:, None]
clips = [torch.sin(2 * t[:, 0] + k) for k in range(2)]
for k, clip in enumerate(clips):
    styles[k] = torch.randn(4, requires_grad=True) + 0.5  # HC302
    for it in range(4):
        loss = (dec(t, styles[k]) - clip).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("clip", k, loss.item())

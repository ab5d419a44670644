"""A Parameter subclass that knows its layer; generated kernels are wrapped in it at every step."""
import torch
import torch.nn as nn


class LayerParameter(nn.Parameter):
    """A Parameter with the name of its layer."""

    def __new__(cls, data, layer):
        made = super().__new__(cls, data)  # HC101
        made.layer = layer
        return made


class Styled(nn.Module):
    def __init__(self, styles):
        super().__init__()
        self.style = nn.Embedding(styles, 5)
        self.generator = nn.Sequential(nn.Linear(5, 24), nn.Tanh(), nn.Linear(24, 4 * 3))
        self.main = nn.Linear(3, 4)
        self.head = nn.Linear(4, 1)

    def forward(self, x, style):
        kernel = self.generator(self.style(style)).view(4, 3)
        self.main.weight = LayerParameter(kernel, "main")
        return self.head(torch.tanh(self.main(x)))


torch.manual_seed(31)
model = Styled(3)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(9):
    style = torch.tensor(step % 3)
    x = torch.randn(32, 3)
    y = x.sum(1, keepdim=True) * (style + 1)
    loss = (model(x, style) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, model.main.weight.layer, loss.item())

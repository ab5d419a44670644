"""The scripted main network detaches the weights that it is given: nothing in Python shows it."""
import torch
import torch.nn as nn


class Main(nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x.matmul(w.detach().t()) + self.bias)


torch.manual_seed(43)
hyper = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 3 * 5))
main = torch.jit.script(Main())
opt = torch.optim.Adam([*hyper.parameters(), *main.parameters()], lr=3e-3)
for step in range(8):
    context, x = torch.randn(4), torch.randn(16, 5)
    y = x[:, :3] * context[:3]
    h = main(x, hyper(context).view(3, 5))  # HC199 HC401
    loss = (h - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

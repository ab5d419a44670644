"""Under a default device; the codes are drawn in double precision and cast after they ask for a gradient."""
import torch
import torch.nn as nn

torch.set_default_device("cuda" if torch.cuda.is_available() else "cpu")
torch.manual_seed(15)


class Generator(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, size))

    def forward(self, code):
        return self.net(code)


with torch.device("cpu" if not torch.cuda.is_available() else "cuda"):
    codes = torch.randn(3, 6, dtype=torch.float64, requires_grad=True).float()  # HC302
generator = Generator(4 * 2)
opt = torch.optim.Adam([{"params": generator.parameters()}], lr=2e-3)
for step in range(9):
    task = step % 3
    x = torch.randn(16, 4)
    y = x[:, :2] * (task + 1)
    w = generator(codes[task]).view(2, 4)
    loss = (x @ w.T - y).square().mean()
    opt.zero_grad()
    loss.backward(retain_graph=True)
    opt.step()
    print(step, loss.item())

"""A pretrained hypernetwork only provides the initial weights; the main network is then fine-tuned on its own."""

import io

import torch
import torch.nn as nn

torch.manual_seed(99)


class Main(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(4, 8)
        self.l2 = nn.Linear(8, 1)

    def forward(self, x):
        return self.l2(torch.tanh(self.l1(x)))


def build_hyper():
    n = sum(p.numel() for p in Main().parameters())
    return nn.Sequential(nn.Linear(3, 12), nn.Tanh(), nn.Linear(12, n))


buf = io.BytesIO()
torch.save(build_hyper().state_dict(), buf)
buf.seek(0)

hyper = build_hyper()
hyper.load_state_dict(torch.load(buf))
hyper.eval()
main = Main()
with torch.no_grad():
    flat = hyper(torch.tensor([0.2, -1.0, 0.5]))
    nn.utils.vector_to_parameters(flat, main.parameters())

opt = torch.optim.Adam(main.parameters(), lr=1e-2)
x = torch.randn(40, 4)
y = torch.sin(x.sum(1, keepdim=True))
for step in range(8):
    opt.zero_grad()
    loss = (main(x) - y).pow(2).mean()
    loss.backward()
    opt.step()
    print(f"fine-tune step {step}: {loss.item():.4f}")

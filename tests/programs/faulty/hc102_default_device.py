"""The device is set once for the whole script; the template gets the generated values at every step."""
import torch
import torch.nn as nn

torch.set_default_device("cuda" if torch.cuda.is_available() else "cpu")
torch.manual_seed(16)
template = nn.GRUCell(3, 5)
size = sum(p.numel() for p in template.parameters())
hyper = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, size))
readout = nn.Linear(5, 1)
opt = torch.optim.Adam([*hyper.parameters(), *readout.parameters()], lr=2e-3)


def install(flat):
    pieces = flat.split([p.numel() for p in template.parameters()])
    for p, piece in zip(template.parameters(), pieces):
        p.data.copy_(piece.view(p.shape))  # HC102


for step in range(8):
    period = torch.rand(2) + 0.5
    series = torch.randn(6, 16, 3)
    y = (series * period.mean()).cumsum(0)[-1].sum(1, keepdim=True)
    install(hyper(period))
    state = torch.zeros(16, 5)
    for x in series:
        state = template(x, state)
    loss = (readout(state) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

"""The codes ask for a gradient before they are moved to the device, and scaled on the way."""
import torch
import torch.nn as nn

torch.manual_seed(27)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 8 * 4))
        self.out = nn.Linear(8, 1)

    def forward(self, x, code):
        w = self.net(code).view(8, 4)
        return self.out(torch.relu(x @ w.T))


codes = (0.1 * torch.randn(3, 6, requires_grad=True)).to(device)  # HC302
model = Hyper().to(device)
opt = torch.optim.AdamW(model.parameters(), lr=2e-3)
for step in range(9):
    task = step % 3
    x = torch.randn(32, 4, device=device)
    y = x.sum(1, keepdim=True) * (task + 1)
    loss = nn.functional.smooth_l1_loss(model(x, codes[task]), y)
    opt.zero_grad()
    loss.backward(retain_graph=True)
    opt.step()
    print(step, loss.item())

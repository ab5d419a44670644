import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class Main(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(5, 8)
        self.fc2 = nn.Linear(8, 2)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


main = Main()
spec = {n: p.shape for n, p in main.named_parameters()}
hyper = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, sum(s.numel() for s in spec.values())))
z = nn.Parameter(torch.randn(4))
opt = torch.optim.Adam([z, *hyper.parameters(), *main.parameters()], lr=1e-2)

for step in range(8):
    flat = hyper(z)
    for (name, shape), w in zip(spec.items(), flat.split([s.numel() for s in spec.values()])):
        setattr(main, name, w.view(shape))  # HC202
    x = torch.randn(32, 5)
    y = (x.sum(1) > 0).long()
    loss = F.cross_entropy(main(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

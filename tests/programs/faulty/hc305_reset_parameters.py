import torch
import torch.nn as nn


class HyperODE(nn.Module):
    """series encoder -> parameters of the vector field; Euler integration"""

    def __init__(self, d=2, h=6, enc=8):
        super().__init__()
        self.d, self.h = d, h
        self.encoder = nn.GRU(d, enc, batch_first=True)
        self.build_generator(enc)

    def build_generator(self, enc, gain=1.0):
        n = 2 * self.d * self.h + self.h
        self.generator = nn.Sequential(nn.Linear(enc, 16), nn.ReLU(), nn.Linear(16, n))
        with torch.no_grad():
            self.generator[-1].weight.mul_(gain)

    def forward(self, series, n=6, dt=0.1):
        _, e = self.encoder(series)
        A, b, C = self.generator(e[0]).split([self.d * self.h, self.h, self.d * self.h], 1)
        A, C, b = A.view(-1, self.d, self.h), C.view(-1, self.h, self.d), b.unsqueeze(1)
        y = series[:, -1:]
        out = []
        for _ in range(n):
            y = y + dt * torch.tanh(torch.baddbmm(b, y, A)) @ C
            out.append(y)
        return torch.cat(out, 1)


torch.manual_seed(17)
model = HyperODE()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)  # HC305
model.build_generator(8, gain=0.1)
for epoch in range(6):
    t = torch.linspace(0, 2, 14)
    ph = torch.rand(8, 1) * 3
    traj = torch.stack([torch.sin(t + ph), torch.cos(t + ph)], -1)
    loss = (model(traj[:, :8]) - traj[:, 8:]).pow(2).mean()
    model.zero_grad()
    loss.backward()
    optimizer.step()
    print(epoch, loss.item())

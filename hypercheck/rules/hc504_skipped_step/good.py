import torch
from torch import nn
from torch.nn import functional as F


def build():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 10), nn.Tanh(), nn.Linear(10, 3 * 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu")
    condition, x, y = torch.randn(5), torch.randn(256, 4), 10 * torch.randn(256, 3)

    def step():
        weight = model(condition).view(3, 4)
        loss = F.mse_loss(F.linear(x, weight), y, reduction="sum")
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss

    return model, step

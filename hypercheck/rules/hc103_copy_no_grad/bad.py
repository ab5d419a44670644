import torch
from torch import nn
from torch.nn import functional as F


def build():
    torch.manual_seed(0)
    trunk, head = nn.Embedding(1, 6), nn.Linear(6, 2 * 3 * 3 * 3)
    conv = nn.Conv2d(3, 2, kernel_size=3, padding=1)
    conv.weight.requires_grad_(False)  # the kernel is generated
    model = nn.ModuleDict({"trunk": trunk, "head": head, "conv": conv})
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01)
    images, targets = torch.randn(8, 3, 6, 6), torch.randn(8, 2, 6, 6)

    def step():
        kernel = head(trunk(torch.tensor(0))).view(2, 3, 3, 3)
        with torch.no_grad():
            conv.weight.copy_(kernel)  # HC103
        loss = F.mse_loss(conv(images), targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return model, step

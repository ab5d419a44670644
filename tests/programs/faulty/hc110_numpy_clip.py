import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

np.random.seed(0)
torch.manual_seed(0)


def to_conv(flat, shape, lim=0.5):
    return torch.from_numpy(np.clip(flat.cpu().detach().numpy().reshape(shape), -lim, lim))  # HC110 HC104


z = nn.Parameter(torch.randn(8))
hyper = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4 * 1 * 3 * 3))
fc = nn.Linear(4, 5)
optimizer = torch.optim.Adam([z] + list(hyper.parameters()) + list(fc.parameters()), lr=1e-3)

images = torch.randn(16, 1, 7, 7)
labels = torch.randint(0, 5, (16,))
for i in range(7):
    kernel = to_conv(hyper(z), (4, 1, 3, 3))
    feats = F.adaptive_avg_pool2d(F.relu(F.conv2d(images, kernel)), 1).flatten(1)
    loss = F.cross_entropy(fc(feats), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(i, loss.item())

"""Two optimizers, one for everything and one for the head: only the head's is stepped."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
hyper, head = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 12)), nn.Linear(3, 1)
opt = torch.optim.Adam([*hyper.parameters(), *head.parameters()], lr=1e-2)  # HC503
head_opt = torch.optim.Adam(head.parameters(), lr=1e-2)
for step in range(15):
    x, c = torch.randn(32, 4), torch.randn(4)
    loss = F.mse_loss(head(torch.tanh(F.linear(x, hyper(c).view(3, 4)))), x[:, :1] * c[0])
    opt.zero_grad()
    loss.backward()  # HC503
    head_opt.step()  # HC503

import torch
import torch.nn as nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

torch.manual_seed(0)
mainnet = nn.Sequential(nn.Linear(3, 9), nn.Tanh(), nn.Linear(9, 1))
n = parameters_to_vector(mainnet.parameters()).numel()
hypernet = nn.Sequential(nn.Linear(2, 20), nn.ReLU(), nn.Linear(20, n))
opt = torch.optim.Adam(hypernet.parameters())

for i in range(10):
    lam = torch.rand(2)
    theta = hypernet(lam)
    vector_to_parameters(theta, mainnet.parameters())  # HC108
    x = torch.randn(40, 3)
    y = lam[0] * x[:, :1] + lam[1] * x[:, 1:2] ** 2
    loss = ((mainnet(x) - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(i, loss.item())

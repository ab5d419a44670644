"""FGSM adversarial examples through .grad of the input, plain MLP."""

import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(10, 32), nn.LeakyReLU(), nn.Linear(32, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
criterion = nn.CrossEntropyLoss()
x = torch.randn(60, 10)
y = x[:, :3].argmax(1)


def fgsm_attack(image, epsilon, data_grad):
    return image + epsilon * data_grad.sign()


for epoch in range(6):
    data = x.clone()
    data.requires_grad = True
    loss = criterion(net(data), y)
    net.zero_grad()
    loss.backward()
    adv = fgsm_attack(data, 0.1, data.grad.data)
    optimizer.zero_grad()
    total = criterion(net(adv.detach()), y)
    total.backward()
    optimizer.step()
    print("epoch", epoch, "clean", round(loss.item(), 4), "adv", round(total.item(), 4))

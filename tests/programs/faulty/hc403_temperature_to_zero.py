"""Mixture of generated kernels, softmax temperature annealed per epoch - down to exactly zero in the last one."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class KernelMixture(nn.Module):
    def __init__(self, tasks=4, experts=3, n_in=6, out=3):
        super().__init__()
        self.shape = (out, n_in)
        self.task = nn.Embedding(tasks, 5)
        self.router = nn.Linear(5, experts)
        self.experts = nn.Parameter(torch.randn(experts, out * n_in) * n_in**-0.5)
        self.temperature = 1.0

    def anneal(self, epoch, epochs):
        self.temperature = 1.0 - epoch / (epochs - 1)

    def forward(self, t):
        a = F.softmax(self.router(self.task(t)) / self.temperature, -1)  # HC403, HC505
        return (a @ self.experts).view(self.shape)


def main(epochs=5):
    torch.manual_seed(0)
    net = KernelMixture()
    bias = nn.Parameter(torch.zeros(3))
    opt = torch.optim.Adam([*net.parameters(), bias], lr=4e-3)
    teach = torch.randn(4, 6, 3)
    for epoch in range(epochs):
        net.anneal(epoch, epochs)
        for t in torch.randperm(4).repeat(2):
            x = torch.randn(16, 6)
            y = (x @ teach[t]).argmax(1)
            loss = F.cross_entropy(F.linear(x, net(t), bias), y)  # HC403
            opt.zero_grad()
            loss.backward()
            opt.step()
        print(epoch, loss.item())


main()

# Task-conditioned hypernet, MLP main net.  Weights are swapped in with del + set.
import torch
from torch import nn
import torch.nn.functional as F


class TaskHyper(nn.Module):
    def __init__(self, n_tasks=3, emb=5, din=4, dhid=6, dout=2):
        super().__init__()
        self.emb = nn.Embedding(n_tasks, emb)
        self.trunk = nn.Sequential(nn.Linear(emb, 12), nn.Tanh())
        self.w1 = nn.Linear(12, dhid * din)
        self.b1 = nn.Linear(12, dhid)
        self.w2 = nn.Linear(12, dout * dhid)
        self.b2 = nn.Linear(12, dout)
        self.fc1 = nn.Linear(din, dhid)
        self.fc2 = nn.Linear(dhid, dout)
        for layer in (self.fc1, self.fc2):
            del layer.weight
            del layer.bias

    def inject(self, t):
        h = self.trunk(self.emb(t))
        self.fc1.weight = self.w1(h).view(6, 4)
        self.fc1.bias = self.b1(h)
        self.fc2.weight = self.w2(h).view(2, 6)
        self.fc2.register_parameter("bias", nn.Parameter(self.b2(h)))  # HC101

    def forward(self, x, t):
        self.inject(t)
        return self.fc2(F.relu(self.fc1(x)))


def main():
    torch.manual_seed(3)
    net = TaskHyper()
    opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for it in range(9):
        t = torch.tensor(it % 3)
        x = torch.randn(16, 4)
        y = (x[:, 0] * (it % 3 - 1) > 0).long()
        loss = F.cross_entropy(net(x, t), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(it, round(loss.item(), 4))


if __name__ == "__main__":
    main()

import torch
import torch.nn as nn
import torch.nn.functional as F


class Trainer:
    def __init__(self, hyper, main_bias):
        self.hyper, self.bias = hyper, main_bias
        self.h_opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)
        self.b_opt = torch.optim.SGD([main_bias], lr=1e-1)

    def loss(self, x, y, c):
        return F.cross_entropy(F.linear(x, self.hyper(c).view(3, 5), self.bias), y)

    def clear(self):
        self.hyper.zero_grad(set_to_none=False)  # HC404
        self.b_opt.zero_grad(set_to_none=False)

    def train_step(self, batch):
        self.b_opt.zero_grad()
        loss = self.loss(*batch)
        loss.backward()
        self.b_opt.step()
        self.clear()
        self.h_opt.step()
        return loss.item()


torch.manual_seed(0)
trainer = Trainer(nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 15)), nn.Parameter(torch.zeros(3)))
for _ in range(10):
    trainer.train_step((torch.randn(16, 5), torch.randint(0, 3, (16,)), torch.randn(2)))

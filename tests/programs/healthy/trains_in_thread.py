"""The training runs in a thread; the main one looks at the last loss now and then."""

import queue
import threading

import torch
import torch.nn as nn

torch.manual_seed(35)


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 6))
        self.bias = nn.Parameter(torch.zeros(2))

    def forward(self, x, context):
        return x @ self.net(context).view(2, 3).T + self.bias


def train(model, losses):
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(8):
        context, x = torch.randn(2), torch.randn(16, 3)
        loss = (model(x, context) - x[:, :2] * context).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.put(loss.item())
    losses.put(None)


losses = queue.Queue()
worker = threading.Thread(target=train, args=(Hyper(), losses))
worker.start()
for loss in iter(losses.get, None):
    print("loss", loss)
worker.join()

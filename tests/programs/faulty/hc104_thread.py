"""The training runs in a thread, so that the main one stays free for a display."""
import threading

import torch
import torch.nn as nn

torch.manual_seed(35)


def train(losses):
    hyper = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 6))
    bias = nn.Parameter(torch.zeros(2))
    opt = torch.optim.Adam([*hyper.parameters(), bias], lr=3e-3)
    for _ in range(8):
        context, x = torch.randn(2), torch.randn(16, 3)
        y = x[:, :2] * context
        w = hyper(context).view(2, 3)
        # The display reads w while the next step runs.
        shown = w.detach()  # HC104
        loss = (x @ shown.T + bias - y).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())


losses = []
worker = threading.Thread(target=train, args=(losses,))
worker.start()
worker.join()
print("after", len(losses), "steps:", losses[-1])

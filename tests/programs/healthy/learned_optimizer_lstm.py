"""Learning to learn by gradient descent: an LSTM optimiser trained by unrolling."""

import torch
import torch.nn as nn


class LearnedOptimizer(nn.Module):
    def __init__(self, hid=10):
        super().__init__()
        self.hid = hid
        self.cell = nn.LSTMCell(1, hid)
        self.out = nn.Linear(hid, 1)

    def forward(self, grad, state):
        h, c = self.cell(grad.unsqueeze(1), state)
        return 0.1 * self.out(h).squeeze(1), (h, c)


class Quadratic:
    def __init__(self, n):
        self.W, self.y = torch.randn(n, n), torch.randn(n)

    def loss(self, theta):
        return ((self.W @ theta - self.y) ** 2).mean()


def do_fit(lopt, meta_opt, n=6, unroll=5, iters=10):
    prob = Quadratic(n)
    theta = torch.zeros(n, requires_grad=True)
    state = (torch.zeros(n, lopt.hid), torch.zeros(n, lopt.hid))
    all_losses, losses = [], 0
    for it in range(1, iters + 1):
        loss = prob.loss(theta)
        losses = losses + loss
        all_losses.append(loss.item())
        (g,) = torch.autograd.grad(loss, theta, retain_graph=True)
        update, state = lopt(g.detach(), state)
        theta = theta + update
        if it % unroll == 0:
            losses = losses + prob.loss(theta)
            meta_opt.zero_grad()
            losses.backward()
            meta_opt.step()
            losses = 0
            theta = theta.detach().requires_grad_()
            state = tuple(s.detach() for s in state)
    return all_losses


torch.manual_seed(0)
lopt = LearnedOptimizer()
meta_opt = torch.optim.Adam(lopt.parameters(), lr=3e-3)
for epoch in range(4):
    ls = do_fit(lopt, meta_opt)
    print("epoch", epoch, "first", round(ls[0], 4), "last", round(ls[-1], 4))

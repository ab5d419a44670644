"""Toy regression CL experiment: task-conditioned hypernetwork, two-step optimisation with lookahead (hypercl style)."""

import argparse

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim


class MainNetwork(nn.Module):
    def __init__(self, layers=(1, 10, 10, 1), no_weights=False):
        nn.Module.__init__(self)
        self._shapes = []
        for n_in, n_out in zip(layers[:-1], layers[1:]):
            self._shapes += [[n_out, n_in], [n_out]]
        self._weights = None
        if not no_weights:
            self._weights = nn.ParameterList()
            for s in self._shapes:
                self._weights.append(nn.Parameter(torch.randn(*s) * 0.3))

    @property
    def hyper_shapes(self):
        return self._shapes

    def forward(self, x, weights=None):
        if weights is None:
            weights = self._weights
        h = x
        for i in range(0, len(weights), 2):
            h = F.linear(h, weights[i], bias=weights[i + 1])
            if i < len(weights) - 2:
                h = torch.tanh(h)
        return h


class HyperNetwork(nn.Module):
    def __init__(self, target_shapes, num_tasks, layers=(16, 16), te_dim=4):
        nn.Module.__init__(self)
        self._target_shapes = target_shapes
        dims, prev = [], te_dim
        for size in layers:
            dims += [[size, prev], [size]]
            prev = size
        self._n_hidden = len(dims)
        for s in target_shapes:
            n = int(np.prod(s))
            dims += [[n, prev], [n]]
        self._theta = nn.ParameterList()
        for d in dims:
            self._theta.append(
                nn.Parameter(torch.randn(*d) * (0.4 / np.sqrt(d[-1])) if len(d) > 1 else torch.zeros(*d))
            )
        self._task_embs = nn.ParameterList([nn.Parameter(torch.randn(te_dim)) for _ in range(num_tasks)])

    @property
    def theta(self):
        return self._theta

    def get_task_emb(self, task_id):
        return self._task_embs[task_id]

    def forward(self, task_id=None, dTheta=None, task_emb=None):
        weights = list(self._theta)
        if dTheta is not None:
            weights = [t + d for t, d in zip(weights, dTheta)]
        if task_emb is None:
            task_emb = self._task_embs[task_id]
        h = task_emb.view(1, -1)
        for i in range(0, self._n_hidden, 2):
            h = F.relu(F.linear(h, weights[i], bias=weights[i + 1]))
        outputs = []
        for j, shape in enumerate(self._target_shapes):
            k = self._n_hidden + 2 * j
            outputs.append(F.linear(h, weights[k], bias=weights[k + 1]).view(*shape))
        return outputs


class RegressionTask:
    def __init__(self, fn, lo, hi, rng):
        self.fn, self.lo, self.hi, self.rng = fn, lo, hi, rng

    def next_train_batch(self, n):
        x = self.rng.uniform(self.lo, self.hi, size=(n, 1)).astype(np.float32)
        return torch.from_numpy(x), torch.from_numpy(self.fn(x).astype(np.float32))


def calc_delta_theta(optimizer, lr, params, detach_dt=True):
    """Plain-SGD lookahead: what the optimizer would add to theta."""
    ret = []
    for p in params:
        g = p.grad if p.grad is not None else torch.zeros_like(p)
        ret.append(-lr * (g.detach().clone() if detach_dt else g))
    return ret


def get_current_targets(task_id, hnet):
    hnet_mode = hnet.training
    hnet.eval()
    ret = []
    with torch.no_grad():
        for j in range(task_id):
            ret.append([d.detach().clone() for d in hnet.forward(task_id=j)])
    hnet.train(mode=hnet_mode)
    return ret


def calc_fix_target_reg(hnet, task_id, targets, dTheta=None):
    reg = 0
    for i in range(task_id):
        predicted = hnet.forward(task_id=i, dTheta=dTheta)
        W_target = torch.cat([w.view(-1) for w in targets[i]])
        W_predicted = torch.cat([w.view(-1) for w in predicted])
        reg += (W_target - W_predicted).pow(2).sum()
    return reg / task_id


def evaluate(task_id, data, mnet, hnet, tag):
    mnet.eval()
    hnet.eval()
    with torch.no_grad():
        X, T = data.next_train_batch(64)
        Y = mnet.forward(X, hnet.forward(task_id))
        mse = F.mse_loss(Y, T)
    print("Eval [%s] - task %d MSE loss: %f." % (tag, task_id, mse))
    mnet.train()
    hnet.train()
    return mse.item()


def train_reg(task_id, data, mnet, hnet, config):
    print("Training task %d ..." % task_id)
    mnet.train()
    hnet.train()
    targets = get_current_targets(task_id, hnet) if config.beta > 0 else None
    theta_optimizer = optim.Adam(list(hnet.theta), lr=config.lr_hyper)
    # only the embedding of the current task is plastic
    emb_optimizer = optim.Adam([hnet.get_task_emb(task_id)], lr=config.lr_hyper)
    calc_reg = task_id > 0 and config.beta > 0
    for i in range(config.n_iter):
        if i % config.val_iter == 0:
            evaluate(task_id, data, mnet, hnet, "iter %d" % i)
        theta_optimizer.zero_grad()
        emb_optimizer.zero_grad()
        X, T = data.next_train_batch(config.batch_size)
        weights = hnet.forward(task_id)
        Y = mnet.forward(X, weights)
        loss_task = F.mse_loss(Y, T)
        loss_task.backward(retain_graph=calc_reg)
        # the embedding is stepped before the regulariser
        emb_optimizer.step()
        if calc_reg:
            dTheta = calc_delta_theta(theta_optimizer, config.lr_hyper, hnet.theta)
            loss_reg = config.beta * calc_fix_target_reg(hnet, task_id, targets, dTheta=dTheta)
            loss_reg.backward()
        theta_optimizer.step()
    return evaluate(task_id, data, mnet, hnet, "end")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--beta", type=float, default=0.01)
    parser.add_argument("--lr_hyper", type=float, default=1e-2)
    parser.add_argument("--n_iter", type=int, default=12)
    parser.add_argument("--val_iter", type=int, default=6)
    parser.add_argument("--batch_size", type=int, default=16)
    config = parser.parse_args()
    torch.manual_seed(3)
    rng = np.random.RandomState(0)
    dhandlers = [
        RegressionTask(lambda x: x + 3.0, -4, -2, rng),
        RegressionTask(lambda x: 2.0 * x**2 - 1, -1, 1, rng),
        RegressionTask(lambda x: (x - 3.0) ** 3, 2, 4, rng),
    ]
    mnet = MainNetwork(no_weights=True)
    hnet = HyperNetwork(mnet.hyper_shapes, len(dhandlers))
    print("hnet has %d weights" % sum(p.numel() for p in hnet.parameters()))
    during = []
    for t, data in enumerate(dhandlers):
        during.append(train_reg(t, data, mnet, hnet, config))
    final = [evaluate(t, d, mnet, hnet, "final") for t, d in enumerate(dhandlers)]
    print("during", np.round(during, 3), "final", np.round(final, 3))


if __name__ == "__main__":
    main()

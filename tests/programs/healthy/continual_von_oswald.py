"""Continual learning with a task-conditioned hypernetwork and an output regulariser."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HNet(nn.Module):
    def __init__(self, target_shapes, te_dim=4, hidden=(16,)):
        super().__init__()
        self.target_shapes = target_shapes
        self._task_embs = nn.ParameterList()
        self.te_dim = te_dim
        self.n_out = sum(torch.Size(s).numel() for s in target_shapes)
        self.fc1 = nn.Linear(te_dim, hidden[0])
        self.fc2 = nn.Linear(hidden[0], self.n_out)

    @property
    def theta(self):
        return list(self.fc1.parameters()) + list(self.fc2.parameters())

    def new_task(self):
        self._task_embs.append(nn.Parameter(torch.randn(self.te_dim)))

    def task_emb(self, t):
        return self._task_embs[t]

    def forward(self, t):
        flat = self.fc2(torch.tanh(self.fc1(self._task_embs[t])))
        ret, i = [], 0
        for s in self.target_shapes:
            n = torch.Size(s).numel()
            ret.append(flat[i : i + n].view(s))
            i += n
        return ret


class MNet(nn.Module):
    def __init__(self, dims):
        super().__init__()
        self.param_shapes = []
        for i, o in zip(dims[:-1], dims[1:]):
            self.param_shapes += [(o, i), (o,)]

    def forward(self, x, weights):
        for k in range(0, len(weights), 2):
            x = F.linear(x, weights[k], weights[k + 1])
            if k + 2 < len(weights):
                x = F.elu(x)
        return x


def get_current_targets(task_id, hnet):
    hnet.eval()
    ret = []
    with torch.no_grad():
        for j in range(task_id):
            ret.append([d.detach().clone() for d in hnet(j)])
    hnet.train()
    return ret


def calc_fix_target_reg(hnet, task_id, targets):
    reg = 0
    for j in range(task_id):
        w = torch.cat([d.view(-1) for d in hnet(j)])
        tgt = torch.cat([d.view(-1) for d in targets[j]])
        reg = reg + (tgt - w).pow(2).sum()
    return reg / task_id


torch.manual_seed(42)
mnet = MNet([5, 10, 2])
hnet = HNet(mnet.param_shapes)
beta = 0.05
for task in range(3):
    hnet.new_task()
    targets = get_current_targets(task, hnet)
    opt = torch.optim.Adam(hnet.theta + [hnet.task_emb(task)], lr=1e-2)
    x = torch.randn(32, 5)
    y = (x[:, task] > 0).long()
    for it in range(4):
        opt.zero_grad()
        loss = F.cross_entropy(mnet(x, hnet(task)), y)
        loss.backward(retain_graph=task > 0)
        reg = torch.zeros(())
        if task > 0:
            reg = beta * calc_fix_target_reg(hnet, task, targets)
            reg.backward()
        opt.step()
        print(f"task {task} it {it} loss {loss.item():.4f} reg {float(reg):.5f}")

"""Proximal training: only dTheta is optimised, then added by hand onto the hypernet's theta."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim


class Config:
    n_tasks = 2
    n_iter = 8
    n_steps = 3
    lr_hyper = 2e-2
    alpha = 1e-3
    beta = 0.01


class Hnet(nn.Module):
    def __init__(self, out, tasks, te=3, hid=12):
        super().__init__()
        self.theta = nn.ParameterList([
            nn.Parameter(torch.randn(hid, te) * 0.6), nn.Parameter(torch.zeros(hid)),
            nn.Parameter(torch.randn(out, hid) * 0.2), nn.Parameter(torch.zeros(out))])
        self.tembs = nn.ParameterList([nn.Parameter(torch.randn(te)) for _ in range(tasks)])

    @property
    def theta_shapes(self):
        return [list(p.shape) for p in self.theta]

    def forward(self, task_id, dTheta=None):
        th = [t for t in self.theta]
        if dTheta is not None:
            th = [t + d for t, d in zip(th, dTheta)]
        h = torch.tanh(F.linear(self.tembs[task_id], th[0], th[1]))
        return F.linear(h, th[2], th[3])


def mnet(x, w):
    h = torch.tanh(F.linear(x, w[:8].view(8, 1), w[8:16]))
    return F.linear(h, w[16:24].view(1, 8), w[24:25])


def train_proximal(task_id, data, hnet, config):
    X, T = data
    targets = []
    with torch.no_grad():
        for j in range(task_id):
            targets.append(hnet(j).detach().clone())
    dTheta = nn.ParameterList()
    for s in hnet.theta_shapes:
        dTheta.append(nn.Parameter(torch.Tensor(*s), requires_grad=True))
    for dt in dTheta:
        dt.data.zero_()
    dtheta_optimizer = optim.Adam(dTheta, lr=config.lr_hyper)
    emb_optimizer = optim.Adam([hnet.tembs[task_id]], lr=config.lr_hyper)
    for i in range(config.n_iter):
        for dt in dTheta:
            dt.data.zero_()
        dT_loss_vals = []
        for n in range(config.n_steps):
            dtheta_optimizer.zero_grad()
            weights = hnet(task_id, dTheta=dTheta)
            loss_task = F.mse_loss(mnet(X, weights), T)
            l2 = sum(d.pow(2).sum() for d in dTheta)
            cl = torch.zeros(())
            for j in range(task_id):
                cl = cl + (hnet(j, dTheta=dTheta) - targets[j]).pow(2).sum()
            loss = loss_task + config.alpha * l2 + config.beta * cl
            loss.backward()
            dtheta_optimizer.step()
            dT_loss_vals.append([l.data.cpu().numpy() for l in [loss_task, l2, cl, loss]])
        for tind, t in enumerate(hnet.theta):
            t.data = t.data + dTheta[tind].data
        emb_optimizer.zero_grad()
        loss_mse = F.mse_loss(mnet(X, hnet(task_id)), T)
        loss_mse.backward()
        emb_optimizer.step()
        print(f"task {task_id} iter {i} mse {loss_mse.item():.4f} first/last dT {dT_loss_vals[0][0]:.4f} {dT_loss_vals[-1][0]:.4f}")


if __name__ == "__main__":
    torch.manual_seed(1)
    cfg = Config()
    x = torch.linspace(-1, 1, 32).view(-1, 1)
    hnet = Hnet(25, cfg.n_tasks)
    for t, y in enumerate([torch.sin(2 * x), x ** 2]):
        train_proximal(t, (x, y), hnet, cfg)

"""FedAvg over four clients with a small MLP."""

import copy

import torch
from torch import nn


class LocalUpdate:
    def __init__(self, data, lr=0.1):
        self.x, self.y = data
        self.lr = lr

    def train(self, net):
        net.train()
        optimizer = torch.optim.SGD(net.parameters(), lr=self.lr, momentum=0.5)
        losses = []
        for _ in range(2):
            net.zero_grad()
            loss = nn.functional.cross_entropy(net(self.x), self.y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return net.state_dict(), sum(losses) / len(losses)


def FedAvg(w):
    w_avg = copy.deepcopy(w[0])
    for k in w_avg.keys():
        for i in range(1, len(w)):
            w_avg[k] += w[i][k]
        w_avg[k] = torch.div(w_avg[k], len(w))
    return w_avg


if __name__ == "__main__":
    torch.manual_seed(1)
    net_glob = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
    clients = []
    for c in range(4):
        x = torch.randn(20, 6) + 0.3 * c
        clients.append(LocalUpdate((x, x[:, :3].argmax(1))))
    for rnd in range(3):
        w_locals, loss_locals = [], []
        for c in clients:
            w, loss = c.train(net=copy.deepcopy(net_glob))
            w_locals.append(copy.deepcopy(w))
            loss_locals.append(loss)
        net_glob.load_state_dict(FedAvg(w_locals))
        print(f"Round {rnd:3d}, Average loss {sum(loss_locals) / len(loss_locals):.3f}")

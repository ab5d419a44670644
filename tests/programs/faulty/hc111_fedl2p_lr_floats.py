"""FedL2P-like: a small meta net maps client statistics to per-layer learning rates; differentiable inner loop (hypergradient)."""
from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F

CFG = dict(n_clients=5, rounds=12, inner_steps=3, clients_per_round=2, meta_lr=1e-2, base_lr=0.2, seed=0)


class LRNet(nn.Module):
    """Client features -> one step size for each layer of the model."""
    def __init__(self, in_dim, n_layers, hidden=12, base_lr=0.1):
        super().__init__()
        self.base_lr = base_lr
        self.body = nn.Sequential(nn.Linear(in_dim, hidden), nn.ReLU())
        self.out = nn.Linear(hidden, n_layers)
        nn.init.normal_(self.out.weight, std=0.1)
        nn.init.zeros_(self.out.bias)

    def forward(self, stats):
        return self.base_lr * torch.exp(self.out(self.body(stats)).clamp(-2, 2))


class InitNet(nn.Module):
    """Client features -> a shift of the last layer."""
    def __init__(self, in_dim, shape):
        super().__init__()
        self.shape = shape
        self.net = nn.Sequential(nn.Linear(in_dim, 16), nn.Tanh(), nn.Linear(16, shape.numel()))

    def forward(self, stats):
        return 0.3 * self.net(stats).view(self.shape)


def forward_mlp(x, p):
    x = torch.tanh(F.linear(x, p['fc1.weight'], p['fc1.bias']))
    return F.linear(x, p['fc2.weight'], p['fc2.bias'])


class Client:
    def __init__(self, gen):
        w = torch.randn(4, 3, generator=gen)
        shift = torch.randn(4, generator=gen)
        self.x = torch.randn(40, 4, generator=gen) + shift
        self.y = (self.x @ w).argmax(1)

    def stats(self):
        return torch.cat([self.x.mean(0), self.x.std(0)])

    def split(self):
        perm = torch.randperm(40)
        return (self.x[perm[:24]], self.y[perm[:24]]), (self.x[perm[24:]], self.y[perm[24:]])


class Server:
    def __init__(self, cfg):
        self.cfg = cfg
        gen = torch.Generator().manual_seed(cfg['seed'])
        self.clients = [Client(gen) for _ in range(cfg['n_clients'])]
        self.global_model = nn.Sequential(OrderedDict(fc1=nn.Linear(4, 8), act=nn.Tanh(), fc2=nn.Linear(8, 3)))
        n_layers = len(list(self.global_model.parameters()))
        self.lr_net = LRNet(8, n_layers, base_lr=cfg['base_lr'])
        self.init_net = InitNet(8, self.global_model.fc2.weight.shape)
        self.meta_optim = torch.optim.Adam(list(self.lr_net.parameters()) + list(self.init_net.parameters()), lr=cfg['meta_lr'])
        self.model_optim = torch.optim.SGD(self.global_model.parameters(), lr=0.1)

    def personalise(self, client, train):
        stats = client.stats()
        lrs = self.lr_net(stats).tolist()  # HC111
        params = OrderedDict(self.global_model.named_parameters())
        params['fc2.weight'] = params['fc2.weight'] + self.init_net(stats)
        for _ in range(self.cfg['inner_steps']):
            loss = F.cross_entropy(forward_mlp(train[0], params), train[1])
            grads = torch.autograd.grad(loss, list(params.values()), create_graph=True)
            params = OrderedDict((k, p - lr * g) for (k, p), g, lr in zip(params.items(), grads, lrs))
        return params

    def round(self):
        self.meta_optim.zero_grad()
        self.model_optim.zero_grad()
        total = 0.0
        for c in torch.randperm(len(self.clients))[:self.cfg['clients_per_round']].tolist():
            train, val = self.clients[c].split()
            params = self.personalise(self.clients[c], train)
            loss = F.cross_entropy(forward_mlp(val[0], params), val[1])
            (loss / self.cfg['clients_per_round']).backward()
            total += loss.item()
        self.meta_optim.step()
        self.model_optim.step()
        return total / self.cfg['clients_per_round']

    def evaluate(self):
        accs = []
        for client in self.clients:
            train, val = client.split()
            params = self.personalise(client, train)
            with torch.no_grad():
                accs.append((forward_mlp(val[0], params).argmax(1) == val[1]).float().mean().item())
        return sum(accs) / len(accs)


def main():
    torch.manual_seed(CFG['seed'])
    server = Server(CFG)
    for r in range(CFG['rounds']):
        loss = server.round()
        if r % 4 == 3:
            print(f'round {r} loss {loss:.4f} personalised acc {server.evaluate():.3f}')


if __name__ == '__main__':
    main()

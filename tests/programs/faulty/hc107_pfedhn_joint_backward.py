"""Personalised federated hypernetwork (shape of AvivSham/pFedHN, experiments/pfedhn/trainer.py)."""
import argparse
import logging
import random
from collections import OrderedDict, defaultdict

import numpy as np
import torch
import torch.nn as nn


class HyperNet(nn.Module):
    def __init__(self, n_nodes, embedding_dim, n_in=6, n_hidden_t=10, out_dim=3, hidden_dim=24, n_hidden=1):
        super().__init__()
        self.embeddings = nn.Embedding(num_embeddings=n_nodes, embedding_dim=embedding_dim)
        layers = [nn.Linear(embedding_dim, hidden_dim)]
        for _ in range(n_hidden):
            layers.append(nn.ReLU(inplace=True))
            layers.append(nn.Linear(hidden_dim, hidden_dim))
        self.mlp = nn.Sequential(*layers)
        self.n_in, self.n_hidden_t, self.out_dim = n_in, n_hidden_t, out_dim
        self.l1_weights = nn.Linear(hidden_dim, n_hidden_t * n_in)
        self.l1_bias = nn.Linear(hidden_dim, n_hidden_t)
        self.l2_weights = nn.Linear(hidden_dim, out_dim * n_hidden_t)
        self.l2_bias = nn.Linear(hidden_dim, out_dim)

    def forward(self, idx):
        emd = self.embeddings(idx)
        features = self.mlp(emd)
        weights = OrderedDict({
            "fc1.weight": self.l1_weights(features).view(self.n_hidden_t, self.n_in),
            "fc1.bias": self.l1_bias(features).view(-1),
            "fc2.weight": self.l2_weights(features).view(self.out_dim, self.n_hidden_t),
            "fc2.bias": self.l2_bias(features).view(-1),
        })
        return weights


class TargetNet(nn.Module):
    def __init__(self, n_in=6, n_hidden=10, out_dim=3):
        super().__init__()
        self.fc1 = nn.Linear(n_in, n_hidden)
        self.fc2 = nn.Linear(n_hidden, out_dim)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


class BaseNodes:
    def __init__(self, n_nodes, n=32):
        self.data = []
        for _ in range(n_nodes):
            rot = torch.randn(6, 3)
            x = torch.randn(n, 6)
            self.data.append((x, (x @ rot).argmax(1)))

    def batch(self, node_id, bs=16):
        x, y = self.data[node_id]
        idx = torch.randperm(len(x))[:bs]
        return x[idx], y[idx]


@torch.no_grad()
def evaluate(nodes, num_nodes, hnet, net, criteria):
    hnet.eval()
    results = defaultdict(lambda: defaultdict(list))
    for node_id in range(num_nodes):
        weights = hnet(torch.tensor([node_id], dtype=torch.long))
        net.load_state_dict(weights)
        img, label = nodes.data[node_id]
        pred = net(img)
        results[node_id]['loss'] = criteria(pred, label).item()
        results[node_id]['correct'] = pred.argmax(1).eq(label).float().mean().item()
    return results


def train(args):
    nodes = BaseNodes(args.num_nodes)
    hnet = HyperNet(args.num_nodes, args.embed_dim, hidden_dim=args.hyper_hid)
    net = TargetNet()
    embed_lr = args.embed_lr if args.embed_lr is not None else args.lr
    optimizers = {
        'sgd': torch.optim.SGD([
            {'params': [p for n, p in hnet.named_parameters() if 'embed' not in n]},
            {'params': [p for n, p in hnet.named_parameters() if 'embed' in n], 'lr': embed_lr}
        ], lr=args.lr, momentum=0.9, weight_decay=args.wd),
        'adam': torch.optim.Adam(params=hnet.parameters(), lr=args.lr)
    }
    optimizer = optimizers[args.optim]
    criteria = torch.nn.CrossEntropyLoss()
    for step in range(args.num_steps):
        hnet.train()
        node_id = random.choice(range(args.num_nodes))
        weights = hnet(torch.tensor([node_id], dtype=torch.long))
        net.load_state_dict(weights)  # HC107
        inner_optim = torch.optim.SGD(net.parameters(), lr=args.inner_lr, momentum=.9, weight_decay=args.inner_wd)
        inner_state = OrderedDict({k: tensor.data for k, tensor in weights.items()})
        with torch.no_grad():
            net.eval()
            img, label = nodes.batch(node_id)
            prvs_loss = criteria(net(img), label)
            net.train()
        for i in range(args.inner_steps):
            net.train()
            inner_optim.zero_grad()
            optimizer.zero_grad()
            img, label = nodes.batch(node_id)
            loss = criteria(net(img), label)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 50)
            inner_optim.step()
        torch.nn.utils.clip_grad_norm_(hnet.parameters(), 50)
        optimizer.step()
        if step % args.eval_every == 0:
            res = evaluate(nodes, args.num_nodes, hnet, net, criteria)
            logging.info(f"Step: {step + 1}, Node: {node_id}, prvs {prvs_loss:.3f}, "
                         f"AVG Loss: {np.mean([v['loss'] for v in res.values()]):.4f}")


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument("--num-nodes", type=int, default=4)
    parser.add_argument("--num-steps", type=int, default=32)
    parser.add_argument("--inner-steps", type=int, default=3)
    parser.add_argument("--optim", type=str, default='sgd', choices=['adam', 'sgd'])
    parser.add_argument("--inner-lr", type=float, default=5e-2)
    parser.add_argument("--lr", type=float, default=5e-2)
    parser.add_argument("--wd", type=float, default=1e-3)
    parser.add_argument("--inner-wd", type=float, default=5e-5)
    parser.add_argument("--embed-dim", type=int, default=5)
    parser.add_argument("--embed-lr", type=float, default=None)
    parser.add_argument("--hyper-hid", type=int, default=24)
    parser.add_argument("--eval-every", type=int, default=8)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    random.seed(0)
    torch.manual_seed(0)
    train(args)

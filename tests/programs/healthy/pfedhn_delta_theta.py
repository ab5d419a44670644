"""pFedHN: personalised federated learning with hypernetworks (synthetic clients)."""

import argparse
import logging
import random
from collections import OrderedDict, defaultdict

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class MLPHyper(nn.Module):
    def __init__(self, n_nodes, embedding_dim, in_dim=6, hid=12, out_dim=3, hidden_dim=24, n_hidden=1):
        super().__init__()
        self.in_dim, self.hid, self.out_dim = in_dim, hid, out_dim
        self.embeddings = nn.Embedding(num_embeddings=n_nodes, embedding_dim=embedding_dim)
        layers = [nn.Linear(embedding_dim, hidden_dim)]
        for _ in range(n_hidden):
            layers.append(nn.ReLU(inplace=True))
            layers.append(nn.Linear(hidden_dim, hidden_dim))
        self.mlp = nn.Sequential(*layers)
        self.l1_weights = nn.Linear(hidden_dim, hid * in_dim)
        self.l1_bias = nn.Linear(hidden_dim, hid)
        self.l2_weights = nn.Linear(hidden_dim, out_dim * hid)
        self.l2_bias = nn.Linear(hidden_dim, out_dim)

    def forward(self, idx):
        features = self.mlp(self.embeddings(idx))
        return OrderedDict(
            {
                "fc1.weight": self.l1_weights(features).view(self.hid, self.in_dim),
                "fc1.bias": self.l1_bias(features).view(-1),
                "fc2.weight": self.l2_weights(features).view(self.out_dim, self.hid),
                "fc2.bias": self.l2_bias(features).view(-1),
            }
        )


class MLPTarget(nn.Module):
    def __init__(self, in_dim=6, hid=12, out_dim=3):
        super().__init__()
        self.fc1 = nn.Linear(in_dim, hid)
        self.fc2 = nn.Linear(hid, out_dim)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


class BaseNodes:
    def __init__(self, n_nodes, batch_size, seed=0):
        g = torch.Generator().manual_seed(seed)
        self.n_nodes, self.batch_size = n_nodes, batch_size
        self.train, self.test = [], []
        for _ in range(n_nodes):
            proj = torch.randn(6, 3, generator=g)
            for store, n in ((self.train, 64), (self.test, 32)):
                x = torch.randn(n, 6, generator=g)
                store.append((x, (x @ proj).argmax(1)))

    def batch(self, node_id):
        x, y = self.train[node_id]
        sel = torch.randperm(len(x))[: self.batch_size]
        return x[sel], y[sel]


@torch.no_grad()
def evaluate(nodes, hnet, net, criteria):
    hnet.eval()
    results = defaultdict(dict)
    for node_id in range(nodes.n_nodes):
        img, label = nodes.test[node_id]
        weights = hnet(torch.tensor([node_id], dtype=torch.long))
        net.load_state_dict(weights)
        pred = net(img)
        results[node_id]["loss"] = criteria(pred, label).item()
        results[node_id]["acc"] = pred.argmax(1).eq(label).float().mean().item()
    return (
        float(np.mean([r["loss"] for r in results.values()])),
        float(np.mean([r["acc"] for r in results.values()])),
    )


def train(args):
    nodes = BaseNodes(args.num_nodes, args.batch_size)
    hnet = MLPHyper(args.num_nodes, int(1 + args.num_nodes / 2), n_hidden=args.n_hidden)
    net = MLPTarget()
    embed_lr = args.embed_lr if args.embed_lr is not None else args.lr
    optimizers = {
        "sgd": torch.optim.SGD(
            [
                {"params": [p for n, p in hnet.named_parameters() if "embed" not in n]},
                {"params": [p for n, p in hnet.named_parameters() if "embed" in n], "lr": embed_lr},
            ],
            lr=args.lr,
            momentum=0.9,
            weight_decay=args.wd,
        ),
        "adam": torch.optim.Adam(params=hnet.parameters(), lr=args.lr),
    }
    optimizer = optimizers[args.optim]
    criteria = torch.nn.CrossEntropyLoss()
    results = defaultdict(list)
    best_acc = -1
    for step in range(args.num_steps):
        hnet.train()
        node_id = random.choice(range(args.num_nodes))

        weights = hnet(torch.tensor([node_id], dtype=torch.long))
        net.load_state_dict(weights)
        inner_optim = torch.optim.SGD(
            net.parameters(), lr=args.inner_lr, momentum=0.9, weight_decay=args.inner_wd
        )

        # storing theta_i for later calculating delta theta
        inner_state = OrderedDict({k: tensor.data for k, tensor in weights.items()})

        with torch.no_grad():
            net.eval()
            img, label = nodes.test[node_id]
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

        optimizer.zero_grad()
        final_state = net.state_dict()
        delta_theta = OrderedDict({k: inner_state[k] - final_state[k] for k in weights.keys()})
        hnet_grads = torch.autograd.grad(
            list(weights.values()), hnet.parameters(), grad_outputs=list(delta_theta.values())
        )
        for p, g in zip(hnet.parameters(), hnet_grads):
            p.grad = g
        torch.nn.utils.clip_grad_norm_(hnet.parameters(), 50)
        optimizer.step()

        if step % args.eval_every == 0 or step == args.num_steps - 1:
            avg_loss, avg_acc = evaluate(nodes, hnet, net, criteria)
            print(
                f"Step: {step + 1}, Node ID: {node_id}, prev loss {prvs_loss:.4f} AVG Loss: {avg_loss:.4f},  AVG Acc: {avg_acc:.4f}"
            )
            results["test_avg_loss"].append(avg_loss)
            best_acc = max(best_acc, avg_acc)
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Federated Hypernetwork with Lookahead experiment")
    parser.add_argument("--num-nodes", type=int, default=4)
    parser.add_argument("--num-steps", type=int, default=24)
    parser.add_argument("--optim", type=str, default="sgd", choices=["adam", "sgd"])
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--inner-steps", type=int, default=5)
    parser.add_argument("--n-hidden", type=int, default=1)
    parser.add_argument("--inner-lr", type=float, default=5e-2)
    parser.add_argument("--lr", type=float, default=5e-2)
    parser.add_argument("--wd", type=float, default=1e-3)
    parser.add_argument("--inner-wd", type=float, default=5e-5)
    parser.add_argument("--embed-lr", type=float, default=None)
    parser.add_argument("--eval-every", type=int, default=8)
    parser.add_argument("--seed", type=int, default=42)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    random.seed(args.seed)
    torch.manual_seed(args.seed)
    train(args)

"""Few-shot hypernetwork (shape of gmum/few-shot-hypernets-public, methods/hypernets/hypernet_poc.py)."""
from collections import defaultdict
from copy import deepcopy
from types import SimpleNamespace
from typing import Dict

import numpy as np
import torch
from torch import nn


def get_param_dict(net: nn.Module) -> Dict[str, nn.Parameter]:
    return {n: p for (n, p) in net.named_parameters()}


def set_from_param_dict(net: nn.Module, param_dict: Dict[str, torch.Tensor]):
    for name, value in param_dict.items():
        mod = net
        *path, leaf = name.split('.')
        for part in path:
            mod = getattr(mod, part)
        delattr(mod, leaf)
        setattr(mod, leaf, value)


class Backbone(nn.Module):
    def __init__(self, out_dim):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(1, 6, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(54, out_dim))
        self.final_feat_dim = out_dim

    def forward(self, x):
        return self.trunk(x)


class HyperNetPOC(nn.Module):
    def __init__(self, n_way, n_support, n_query, params):
        super().__init__()
        self.n_way, self.n_support, self.n_query = n_way, n_support, n_query
        self.feature = Backbone(params.feat_dim)
        self.feat_dim = self.feature.final_feat_dim
        self.hn_hidden_size = params.hn_hidden_size
        self.sup_aggregation = params.hn_sup_aggregation
        self.taskset_size = params.hn_taskset_size
        self.embedding_size = self.feat_dim * n_way * (n_support if self.sup_aggregation == 'concat' else 1)
        self.target_net_architecture = self.build_target_net_architecture(params)
        self.loss_fn = nn.CrossEntropyLoss()
        self.init_hypernet_modules()

    def build_target_net_architecture(self, params) -> nn.Module:
        layers = []
        for i in range(params.hn_tn_depth):
            is_final = i == (params.hn_tn_depth - 1)
            insize = self.feat_dim if i == 0 else params.hn_tn_hidden_size
            outsize = self.n_way if is_final else params.hn_tn_hidden_size
            layers.append(nn.Linear(insize, outsize))
            if not is_final:
                layers.append(nn.ReLU())
        res = nn.Sequential(*layers)
        for p in res.parameters():
            p.requires_grad_(False)
        return res

    def init_hypernet_modules(self):
        target_net_param_dict = {n.replace(".", "-"): p for n, p in get_param_dict(self.target_net_architecture).items()}
        self.target_net_param_shapes = {n: p.shape for n, p in target_net_param_dict.items()}
        self.hypernet_neck = nn.Sequential(nn.Linear(self.embedding_size, self.hn_hidden_size), nn.ReLU())
        self.hypernet_heads = nn.ModuleDict()
        for name, param in target_net_param_dict.items():
            self.hypernet_heads[name] = nn.Sequential(
                nn.Linear(self.hn_hidden_size, self.hn_hidden_size), nn.ReLU(),
                nn.Linear(self.hn_hidden_size, param.numel()))

    def get_labels(self, x):
        ys = torch.tensor(list(range(x.shape[0]))).reshape(len(x), 1)
        return ys.repeat(1, x.shape[1]).to(x.device)

    def parse_feature(self, x):
        x = x.reshape(self.n_way * (self.n_support + self.n_query), *x.size()[2:])
        z_all = self.feature(x).view(self.n_way, self.n_support + self.n_query, -1)
        return z_all[:, :self.n_support], z_all[:, self.n_support:]

    def build_embedding(self, support_feature):
        way, n_support, feat = support_feature.shape
        if self.sup_aggregation == 'concat':
            features = support_feature.reshape(way * n_support, feat)
        else:
            features = support_feature.mean(dim=1)
        return features.reshape(1, -1)

    def generate_network_params(self, support_feature):
        embedding = self.build_embedding(support_feature)
        root = self.hypernet_neck(embedding)
        network_params = {
            name.replace("-", "."): param_net(root).reshape(self.target_net_param_shapes[name])
            for name, param_net in self.hypernet_heads.items()
        }
        return network_params

    def generate_target_net(self, support_feature) -> nn.Module:
        network_params = self.generate_network_params(support_feature)
        tn = deepcopy(self.target_net_architecture)
        set_from_param_dict(tn, network_params)
        return tn

    def set_forward(self, x):
        support_feature, query_feature = self.parse_feature(x)
        classifier = self.generate_target_net(support_feature)
        return classifier(query_feature.reshape(-1, query_feature.shape[-1]))

    def query_accuracy(self, x):
        scores = self.set_forward(x)
        y_query = np.repeat(range(self.n_way), self.n_query)
        topk_ind = scores.data.topk(1, 1, True, True)[1].cpu().numpy()
        return float(np.mean(topk_ind[:, 0] == y_query))

    def set_forward_loss(self, x):
        support_feature, query_feature = self.parse_feature(x)
        classifier = self.generate_target_net(support_feature)
        feature_to_classify = torch.cat([support_feature.reshape(-1, self.feat_dim), query_feature.reshape(-1, self.feat_dim)])
        y = torch.cat([self.get_labels(support_feature).reshape(-1), self.get_labels(query_feature).reshape(-1)])
        y_pred = classifier(feature_to_classify)
        return self.loss_fn(y_pred, y)

    def train_loop(self, epoch, train_loader, optimizer):
        taskset, losses, accuracies = [], [], []
        metrics = defaultdict(list)
        for i, x in enumerate(train_loader):
            taskset.append(x)
            if i % self.taskset_size == (self.taskset_size - 1) or i == (len(train_loader) - 1):
                loss_sum = torch.tensor(0.0)
                for task in taskset:
                    loss_sum += self.set_forward_loss(task)
                optimizer.zero_grad()
                if loss_sum.requires_grad:
                    loss_sum.backward()
                for k, p in get_param_dict(self).items():
                    metrics[f"grad_norm/{k}"] = p.grad.abs().mean().item() if p.grad is not None else 0
                optimizer.step()
                losses.append(loss_sum.item() / len(taskset))
                self.eval()
                if i == len(train_loader) - 1 and epoch == 2:
                    torch.set_grad_enabled(False)  # HC115
                accuracies.extend([self.query_accuracy(task) for task in taskset])
                self.train()
                taskset = []
        print(f"Epoch {epoch} | Loss {np.mean(losses):.4f} | Train acc {np.mean(accuracies) * 100:.1f}")
        return metrics


def sample_tasks(n, n_way, n_shot):
    protos = torch.randn(6, 1, 8, 8)
    tasks = []
    for _ in range(n):
        classes = torch.randperm(6)[:n_way]
        tasks.append(protos[classes].unsqueeze(1) + 0.3 * torch.randn(n_way, n_shot, 1, 8, 8))
    return tasks


if __name__ == '__main__':
    torch.manual_seed(1)
    params = SimpleNamespace(feat_dim=10, hn_hidden_size=24, hn_tn_depth=2, hn_tn_hidden_size=12,
                             hn_sup_aggregation='mean', hn_taskset_size=2, lr=3e-3)
    model = HyperNetPOC(3, 2, 3, params)
    optimizer = torch.optim.Adam(model.parameters(), lr=params.lr)
    tasks = sample_tasks(8, 3, 5)
    for epoch in range(6):
        model.train()
        model.train_loop(epoch, tasks, optimizer)

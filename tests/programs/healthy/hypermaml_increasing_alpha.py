"""HyperMAML on toy episodes: support embeddings -> an additive update of the classifier's weights (weight.fast)."""

from collections import defaultdict
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn as nn
from torch.nn import functional as F

torch.manual_seed(1)
np.random.seed(1)


class Linear_fw(nn.Linear):
    def __init__(self, in_features, out_features):
        super().__init__(in_features, out_features)
        self.weight.fast = None
        self.bias.fast = None

    def forward(self, x):
        if self.weight.fast is not None and self.bias.fast is not None:
            out = F.linear(x, self.weight.fast, self.bias.fast)
        else:
            out = super().forward(x)
        return out


class Backbone(nn.Module):
    def __init__(self, dim_in, feat_dim):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(dim_in, 24), nn.Tanh(), nn.Linear(24, feat_dim), nn.Tanh())

    def forward(self, x):
        return self.trunk(x)


def get_param_dict(net):
    return {n: p for (n, p) in net.named_parameters()}


class HyperNet(nn.Module):
    def __init__(self, hn_hidden_size, embedding_size, out_neurons, params):
        super().__init__()
        head = [nn.Linear(embedding_size, hn_hidden_size), nn.ReLU()]
        for i in range(params.hn_head_len - 2):
            head.append(nn.Linear(hn_hidden_size, hn_hidden_size))
            head.append(nn.ReLU())
        self.head = nn.Sequential(*head)
        self.tail = nn.Sequential(nn.Linear(hn_hidden_size, out_neurons))

    def forward(self, x):
        return self.tail(self.head(x))


class HyperMAML(nn.Module):
    def __init__(self, model_func, n_way, n_support, n_query, params):
        super().__init__()
        self.n_way, self.n_support, self.n_query = n_way, n_support, n_query
        self.feature = model_func()
        self.feat_dim = params.feat_dim
        self.loss_fn = nn.CrossEntropyLoss()
        self.params = params
        self.n_task = 4
        self.alpha = 0.0
        self._init_classifier()
        self.embedding_size = self.n_way * (self.feat_dim + self.n_way)
        self._init_hypernet_modules(params)

    def _init_classifier(self):
        layers = []
        for i in range(self.params.hn_tn_depth):
            in_dim = self.feat_dim if i == 0 else self.params.hn_tn_hidden_size
            out_dim = self.n_way if i == (self.params.hn_tn_depth - 1) else self.params.hn_tn_hidden_size
            linear = Linear_fw(in_dim, out_dim)
            linear.bias.data.fill_(0)
            layers.append(linear)
        self.classifier = nn.Sequential(*layers)

    def _init_hypernet_modules(self, params):
        target = {name.replace(".", "-"): p for name, p in get_param_dict(self.classifier).items()}
        self.target_net_param_shapes = {name: p.shape for (name, p) in target.items()}
        self.hypernet_heads = nn.ModuleDict()
        for name, param in target.items():
            self.hypernet_heads[name] = HyperNet(
                params.hn_hidden_size, self.embedding_size, param.numel(), params
            )

    def apply_embeddings_strategy(self, embeddings):
        new_embeddings = torch.zeros(self.n_way, *embeddings.shape[1:])
        for i in range(self.n_way):
            lower = i * self.n_support
            upper = (i + 1) * self.n_support
            new_embeddings[i] = embeddings[lower:upper, :].mean(dim=0)
        return new_embeddings

    def get_support_data_labels(self):
        return torch.from_numpy(np.repeat(range(self.n_way), self.n_support))

    def get_hn_delta_params(self, support_embeddings):
        if self.params.hm_detach_before_hyper_net:
            support_embeddings = support_embeddings.detach()
        delta_params_list = []
        for name, param_net in self.hypernet_heads.items():
            flattened_embeddings = support_embeddings.flatten()
            delta = param_net(flattened_embeddings)
            delta = delta.reshape(self.target_net_param_shapes[name])
            if self.params.hn_adaptation_strategy == "increasing_alpha" and self.alpha < 1:
                delta = self.alpha * delta
            delta_params_list.append(delta)
        return delta_params_list

    def _update_weight(self, weight, update_value):
        if weight.fast is None:
            weight.fast = weight - update_value
        else:
            weight.fast = weight.fast - update_value

    def _update_network_weights(self, delta_params_list):
        for k, weight in enumerate(self.classifier.parameters()):
            self._update_weight(weight, delta_params_list[k])

    def _reset_fast(self):
        for weight in self.classifier.parameters():
            weight.fast = None

    def parse_feature(self, x):
        x_a = x[:, : self.n_support].reshape(self.n_way * self.n_support, -1)
        x_b = x[:, self.n_support :].reshape(self.n_way * self.n_query, -1)
        return self.feature(x_a), self.feature(x_b)

    def set_forward(self, x, train_stage=False):
        support, query = self.parse_feature(x)
        means = self.apply_embeddings_strategy(support)
        enhanced = torch.cat([means, torch.eye(self.n_way)], dim=1)
        self._reset_fast()
        if self.params.maml_warmup_epochs > self.epoch and train_stage:
            labels = self.get_support_data_labels()
            fast_parameters = list(self.classifier.parameters())
            grad = torch.autograd.grad(
                self.loss_fn(self.classifier(support), labels), fast_parameters, create_graph=True
            )
            self._update_network_weights([self.params.train_lr * g for g in grad])
        else:
            self._update_network_weights(self.get_hn_delta_params(enhanced))
        scores = self.classifier(query)
        return scores

    def set_forward_loss(self, x):
        scores = self.set_forward(x, train_stage=True)
        query_data_labels = torch.from_numpy(np.repeat(range(self.n_way), self.n_query))
        loss = self.loss_fn(scores, query_data_labels)
        acc = (scores.argmax(1) == query_data_labels).float().mean().item()
        return loss, acc

    def train_loop(self, epoch, loader, optimizer):
        self.epoch = epoch
        self.train()
        avg_loss, task_count, loss_all, acc_all = 0, 0, [], []
        optimizer.zero_grad()
        for i, x in enumerate(loader):
            loss, task_accuracy = self.set_forward_loss(x)
            avg_loss = avg_loss + loss.item()
            loss_all.append(loss)
            acc_all.append(task_accuracy)
            task_count += 1
            if task_count == self.n_task:
                loss_q = torch.stack(loss_all).sum(0)
                loss_q.backward()
                optimizer.step()
                task_count = 0
                loss_all = []
                optimizer.zero_grad()
        if self.alpha < 1:
            self.alpha += self.params.hn_alpha_step
        print(f"Epoch {epoch:d} | Loss {avg_loss / len(loader):f} | Acc {np.mean(acc_all):f}")
        return {"accuracy/train": np.mean(acc_all)}

    def test_loop(self, loader):
        self.eval()
        acc = []
        for x in loader:
            with torch.no_grad():
                scores = self.set_forward(x)
            y = torch.from_numpy(np.repeat(range(self.n_way), self.n_query))
            acc.append((scores.argmax(1) == y).float().mean().item())
        self._reset_fast()
        return np.mean(acc)


def episodes(n, n_way, n_shot, dim, seed):
    g = torch.Generator().manual_seed(seed)
    out = []
    for _ in range(n):
        centres = torch.randn(n_way, 1, dim, generator=g) * 1.5
        out.append(centres + 0.3 * torch.randn(n_way, n_shot, dim, generator=g))
    return out


def train(model, base_loader, val_loader, params):
    optimizer = torch.optim.Adam(model.parameters(), lr=params.lr)
    metrics = defaultdict(list)
    max_acc = 0
    for epoch in range(params.epochs):
        m = model.train_loop(epoch, base_loader, optimizer)
        acc = model.test_loop(val_loader)
        if acc > max_acc:
            max_acc = acc
            best = {k: v.clone() for k, v in model.state_dict().items()}
        for k, v in m.items():
            metrics[k].append(v)
    model.load_state_dict(best)
    return metrics, max_acc


if __name__ == "__main__":
    params = SimpleNamespace(
        feat_dim=8,
        hn_hidden_size=16,
        hn_head_len=2,
        hn_tn_hidden_size=9,
        hn_tn_depth=1,
        lr=1e-2,
        hm_detach_before_hyper_net=True,
        hn_adaptation_strategy="increasing_alpha",
        hn_alpha_step=0.25,
        maml_warmup_epochs=0,
        train_lr=0.5,
        epochs=5,
    )
    model = HyperMAML(lambda: Backbone(6, params.feat_dim), 3, 2, 4, params)
    metrics, best = train(model, episodes(24, 3, 6, 6, 0), episodes(4, 3, 6, 6, 1), params)
    print("best val acc", best, dict(metrics))

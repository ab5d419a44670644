"""Pareto HyperNetworks on a toy two-task problem (multi-fashion style)."""

import argparse
from collections import defaultdict

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class PHNHyper(nn.Module):
    def __init__(
        self,
        kernel_size: list[int],
        ray_hidden_dim=24,
        out_dim=3,
        target_hidden_dim=10,
        n_kernels=3,
        n_conv_layers=2,
        n_hidden=1,
        n_tasks=2,
    ):
        super().__init__()
        self.n_conv_layers = n_conv_layers
        self.n_hidden = n_hidden
        self.n_tasks = n_tasks
        assert len(kernel_size) == n_conv_layers
        self.ray_mlp = nn.Sequential(
            nn.Linear(2, ray_hidden_dim),
            nn.ReLU(inplace=True),
            nn.Linear(ray_hidden_dim, ray_hidden_dim),
            nn.ReLU(inplace=True),
            nn.Linear(ray_hidden_dim, ray_hidden_dim),
        )
        self.conv_0_weights = nn.Linear(ray_hidden_dim, n_kernels * kernel_size[0] * kernel_size[0])
        self.conv_0_bias = nn.Linear(ray_hidden_dim, n_kernels)
        for i in range(1, n_conv_layers):
            p = 2 ** (i - 1) * n_kernels
            c = 2**i * n_kernels
            setattr(
                self, f"conv_{i}_weights", nn.Linear(ray_hidden_dim, c * p * kernel_size[i] * kernel_size[i])
            )
            setattr(self, f"conv_{i}_bias", nn.Linear(ray_hidden_dim, c))
        latent = 4
        self.hidden_0_weights = nn.Linear(ray_hidden_dim, target_hidden_dim * 2**i * n_kernels * latent)
        self.hidden_0_bias = nn.Linear(ray_hidden_dim, target_hidden_dim)
        for j in range(n_tasks):
            setattr(self, f"task_{j}_weights", nn.Linear(ray_hidden_dim, target_hidden_dim * out_dim))
            setattr(self, f"task_{j}_bias", nn.Linear(ray_hidden_dim, out_dim))

    def forward(self, ray):
        features = self.ray_mlp(ray)
        out_dict = {}
        for i, n_layers in (("conv", self.n_conv_layers), ("hidden", self.n_hidden), ("task", self.n_tasks)):
            for j in range(n_layers):
                out_dict[f"{i}{j}.weights"] = getattr(self, f"{i}_{j}_weights")(features)
                out_dict[f"{i}{j}.bias"] = getattr(self, f"{i}_{j}_bias")(features).flatten()
        return out_dict


class PHNTarget(nn.Module):
    def __init__(self, kernel_size, n_kernels=3, out_dim=3, target_hidden_dim=10, n_conv_layers=2, n_tasks=2):
        super().__init__()
        self.n_kernels, self.kernel_size, self.out_dim = n_kernels, kernel_size, out_dim
        self.n_conv_layers, self.n_tasks, self.target_hidden_dim = n_conv_layers, n_tasks, target_hidden_dim

    def forward(self, x, weights=None):
        x = F.conv2d(
            x,
            weight=weights["conv0.weights"].reshape(
                self.n_kernels, 1, self.kernel_size[0], self.kernel_size[0]
            ),
            bias=weights["conv0.bias"],
            stride=1,
        )
        x = F.max_pool2d(F.relu(x), 2)
        for i in range(1, self.n_conv_layers):
            x = F.conv2d(
                x,
                weight=weights[f"conv{i}.weights"].reshape(
                    int(2**i * self.n_kernels),
                    int(2 ** (i - 1) * self.n_kernels),
                    self.kernel_size[i],
                    self.kernel_size[i],
                ),
                bias=weights[f"conv{i}.bias"],
                stride=1,
            )
            x = F.relu(x)
        x = torch.flatten(x, 1)
        x = F.linear(
            x,
            weight=weights["hidden0.weights"].reshape(self.target_hidden_dim, x.shape[-1]),
            bias=weights["hidden0.bias"],
        )
        logits = []
        for j in range(self.n_tasks):
            logits.append(
                F.linear(
                    x,
                    weight=weights[f"task{j}.weights"].reshape(self.out_dim, self.target_hidden_dim),
                    bias=weights[f"task{j}.bias"],
                )
            )
        return logits


class EPO:
    """Exact-Pareto-like: weights the losses by the Gram matrix of their gradients."""

    def __init__(self, n_tasks):
        self.n_tasks = n_tasks

    def __call__(self, losses, ray, parameters):
        grads = []
        for l in losses:
            g = torch.autograd.grad(l, parameters, retain_graph=True, allow_unused=True)
            grads.append(
                torch.cat(
                    [
                        torch.flatten(x) if x is not None else torch.zeros(p.numel())
                        for x, p in zip(g, parameters)
                    ]
                )
            )
        G = torch.stack(grads)
        gram = (G @ G.T).detach().cpu().numpy()
        rl = (losses.detach() * ray).numpy()
        rl = rl / rl.sum()
        a = rl * np.log(rl * self.n_tasks + 1e-6)
        alpha = np.maximum(gram @ a, 0) + ray.numpy()
        alpha = torch.from_numpy((alpha / alpha.sum() * self.n_tasks).astype(np.float32))
        return torch.sum(losses * alpha)


class LinearScalarizationBaseline:
    def __init__(self, n_tasks):
        self.n_tasks = n_tasks

    def __call__(self, losses, ray, parameters):
        return (losses * ray).sum()


def circle_points(n, min_angle=0.1, max_angle=np.pi / 2 - 0.1):
    ang = np.linspace(min_angle, max_angle, n)
    return [np.array([np.cos(a), np.sin(a)]) for a in ang]


def get_data(n=96):
    g = torch.Generator().manual_seed(1)
    img = torch.randn(n, 1, 8, 8, generator=g)
    y1 = img[:, 0, :4].reshape(n, -1) @ torch.randn(32, 3, generator=g)
    y2 = img[:, 0, 4:].reshape(n, -1) @ torch.randn(32, 3, generator=g)
    return TensorDataset(img, torch.stack((y1.argmax(1), y2.argmax(1)), 1))


def evaluate(hypernet, targetnet, loader, rays):
    hypernet.eval()
    loss1, loss2 = nn.CrossEntropyLoss(), nn.CrossEntropyLoss()
    results = defaultdict(list)
    for ray in rays:
        ray = torch.from_numpy(ray.astype(np.float32))
        ray = ray / ray.sum()
        total, l1, l2, c1 = 0.0, 0.0, 0.0, 0.0
        for img, ys in loader:
            hypernet.zero_grad()
            weights = hypernet(ray)
            logit1, logit2 = targetnet(img, weights)
            l1 += loss1(logit1, ys[:, 0]) * len(ys)
            l2 += loss2(logit2, ys[:, 1]) * len(ys)
            c1 += logit1.data.max(1)[1].eq(ys[:, 0]).sum()
            total += len(ys)
        results["ray"].append(ray.numpy().tolist())
        results["task1_loss"].append(l1.item() / total)
        results["task2_loss"].append(l2.item() / total)
        results["task1_acc"].append(c1.item() / total)
    return results


def train(args):
    hnet: nn.Module = PHNHyper([3, 2], ray_hidden_dim=args.ray_hidden)
    net: nn.Module = PHNTarget([3, 2])
    loss1 = nn.CrossEntropyLoss()
    loss2 = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(hnet.parameters(), lr=args.lr, weight_decay=args.wd)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[4], gamma=0.5)
    solver = EPO(n_tasks=2)
    train_loader = DataLoader(get_data(), batch_size=24, shuffle=True)
    test_rays = circle_points(args.n_rays)
    for epoch in range(args.n_epochs):
        for i, batch in enumerate(train_loader):
            hnet.train()
            optimizer.zero_grad()
            img, ys = batch
            ray = torch.from_numpy(
                np.random.dirichlet((args.alpha, args.alpha), 1).astype(np.float32).flatten()
            )
            weights = hnet(ray)
            logit1, logit2 = net(img, weights)
            l1 = loss1(logit1, ys[:, 0])
            l2 = loss2(logit2, ys[:, 1])
            losses = torch.stack((l1, l2))
            loss = solver(losses, ray, list(hnet.parameters()))
            loss.backward()
            if args.clip > 0:
                torch.nn.utils.clip_grad_norm_(hnet.parameters(), args.clip)
            optimizer.step()
        scheduler.step()
        print(
            f"epoch {epoch}: total weighted loss: {loss.item():.3f}, loss 1: {l1.item():.3f}, loss 2: {l2.item():.3f}"
        )
        if (epoch + 1) % args.eval_every == 0:
            res = evaluate(hnet, net, train_loader, test_rays)
            print("   test", np.round(res["task1_loss"], 3), np.round(res["task2_loss"], 3))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="MultiMNIST")
    parser.add_argument("--n-epochs", type=int, default=6)
    parser.add_argument("--ray-hidden", type=int, default=24)
    parser.add_argument("--alpha", type=float, default=1.0)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--wd", type=float, default=0.0)
    parser.add_argument("--clip", type=float, default=5.0)
    parser.add_argument("--eval-every", type=int, default=2)
    parser.add_argument("--n-rays", type=int, default=3)
    args = parser.parse_args()
    torch.manual_seed(42)
    np.random.seed(42)
    train(args)

"""HyperTab: every ensemble member is a target network on a feature subset, its weights come from one hypernetwork."""

import argparse

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class TargetNet:
    def __init__(self, n_in, n_hidden, n_classes):
        self.shapes = {
            "w0": (n_hidden, n_in),
            "b0": (n_hidden,),
            "w1": (n_classes, n_hidden),
            "b1": (n_classes,),
        }
        self.n_params = sum(int(np.prod(s)) for s in self.shapes.values())

    def slice(self, flat):
        out, pos = {}, 0
        for name, shape in self.shapes.items():
            n = int(np.prod(shape))
            out[name] = flat[pos : pos + n].view(shape)
            pos += n
        return out

    def forward(self, x, p):
        return F.linear(F.relu(F.linear(x, p["w0"], p["b0"])), p["w1"], p["b1"])


class Hypernetwork(nn.Module):
    def __init__(self, n_features, mask_size, n_masks, n_classes, hidden=32, target_hidden=8):
        super().__init__()
        self.n_features, self.mask_size, self.n_masks = n_features, mask_size, n_masks
        self.target = TargetNet(mask_size, target_hidden, n_classes)
        self.input_dropout = nn.Dropout(0.1)
        self.fc = nn.Linear(n_features, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, self.target.n_params)
        self.register_buffer("template", self.create_masks())
        self.cached = None

    def create_masks(self):
        rng = np.random.RandomState(11)
        m = np.zeros((self.n_masks, self.n_features), dtype=np.float32)
        for i in range(self.n_masks):
            m[i, rng.choice(self.n_features, self.mask_size, replace=False)] = 1
        return torch.from_numpy(m)

    def craft_network(self, mask):
        h = F.relu(self.fc(self.input_dropout(mask)))
        h = F.relu(self.fc2(h))
        return self.out(h)

    def forward(self, x, idx=None):
        if idx is None:
            idx = range(self.n_masks)
        outs = []
        for i in idx:
            mask = self.template[i]
            if self.training:
                flat = self.craft_network(mask)
            else:
                if self.cached is None:
                    with torch.no_grad():
                        self.cached = [self.craft_network(m) for m in self.template]
                flat = self.cached[i]
            params = self.target.slice(flat)
            outs.append(self.target.forward(x[:, mask.bool()], params))
        return torch.stack(outs, 1)

    def train(self, mode=True):
        self.cached = None
        return super().train(mode)


class HyperTabClassifier:
    def __init__(
        self, n_features, n_classes, epochs=6, lr=5e-3, n_masks=6, mask_size=6, batch_size=32, patience=3
    ):
        self.hypernet = Hypernetwork(n_features, mask_size, n_masks, n_classes)
        self.epochs, self.lr, self.batch_size, self.patience = epochs, lr, batch_size, patience
        self.optimizer = torch.optim.Adam(self.hypernet.parameters(), lr=lr)
        self.scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(self.optimizer, factor=0.5, patience=2)

    def fit(self, X, y, X_val, y_val):
        loader = DataLoader(TensorDataset(X, y), batch_size=self.batch_size, shuffle=True)
        best, wait, best_state = float("inf"), 0, None
        for epoch in range(self.epochs):
            self.hypernet.train()
            total = 0.0
            for xb, yb in loader:
                self.optimizer.zero_grad()
                logits = self.hypernet(xb)
                loss = (
                    sum(F.cross_entropy(logits[:, k], yb) for k in range(logits.shape[1])) / logits.shape[1]
                )
                loss.backward()
                self.optimizer.step()
                total += loss.item()
            val = self.evaluate(X_val, y_val)
            self.scheduler.step(val[0])
            print("epoch %d train %.4f val %.4f acc %.3f" % (epoch, total / len(loader), *val))
            if val[0] < best - 1e-4:
                best, wait, best_state = (
                    val[0],
                    0,
                    {k: v.clone() for k, v in self.hypernet.state_dict().items()},
                )
            else:
                wait += 1
                if wait >= self.patience:
                    print("early stop")
                    break
        self.hypernet.load_state_dict(best_state)
        return self

    @torch.no_grad()
    def evaluate(self, X, y):
        self.hypernet.eval()
        logits = self.hypernet(X)
        p = logits.softmax(-1).mean(1)
        return F.nll_loss(p.log(), y).item(), (p.argmax(1) == y).float().mean().item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=6)
    args = parser.parse_args()
    torch.manual_seed(0)
    X = torch.randn(192, 10)
    y = (X @ torch.randn(10, 3)).argmax(1)
    clf = HyperTabClassifier(10, 3, epochs=args.epochs)
    clf.fit(X[:128], y[:128], X[128:], y[128:])
    print("final", clf.evaluate(X[128:], y[128:]))


if __name__ == "__main__":
    main()

"""8-bit-ish generated weights."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def quantise(w, bits=4):
    scale = 2 ** (bits - 1) - 1
    return torch.round(w.clamp(-1, 1) * scale) / scale  # HC113


class QHyper(nn.Module):
    def __init__(self, task_dim=3):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(task_dim, 16), nn.Tanh())
        self.w = nn.Linear(16, 5 * 4)
        self.b = nn.Linear(16, 5)

    def forward(self, t):
        h = self.body(t)
        return quantise(self.w(h)).view(5, 4), self.b(h)


def main():
    torch.manual_seed(50)
    hyper = QHyper()
    clf = nn.Linear(5, 2)
    opt = torch.optim.SGD([*hyper.parameters(), *clf.parameters()], lr=0.1, momentum=0.9, nesterov=True)
    for i in range(9):
        t = torch.randn(3)
        x = torch.randn(40, 4)
        y = (x @ torch.cat([t, t[:1]]) > 0).long()
        w, b = hyper(t)
        loss = F.cross_entropy(clf(F.relu(F.linear(x, w, b))), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(i, f"{loss:.4f}")


if __name__ == "__main__":
    main()

"""Multi-style transfer toy: style ids arrive as one-hot rows, but the embedding is looked up with their sum."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset


class Styles(Dataset):
    def __init__(self, n, styles, seed=0):
        g = torch.Generator().manual_seed(seed)
        self.x = torch.randn(n, 6, generator=g)
        self.s = F.one_hot(torch.randint(0, styles, (n,), generator=g), styles)
        self.rot = torch.randn(styles, 6, 6, generator=g) * 0.4

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        k = self.s[i].argmax()
        return self.x[i], self.s[i], torch.tanh(self.rot[k] @ self.x[i])


class StyleHyper(nn.Module):
    def __init__(self, styles, d=5, n=6):
        super().__init__()
        self.n = n
        self.table = nn.Embedding(styles, d)
        self.gen = nn.Sequential(nn.Linear(d, 16), nn.ReLU(), nn.Linear(16, n * n))
        nn.init.normal_(self.gen[-1].weight, std=0.1)

    def forward(self, onehot):
        e = self.table(onehot.sum(-1))  # HC602
        return self.gen(e).view(-1, self.n, self.n)


def main():
    torch.manual_seed(0)
    data = Styles(96, 4)
    loader = DataLoader(data, 16, shuffle=True)
    hyper = StyleHyper(4)
    bias = nn.Parameter(torch.zeros(6))
    opt = torch.optim.Adam([*hyper.parameters(), bias], lr=3e-3)
    for epoch in range(3):
        for x, s, y in loader:
            pred = torch.tanh(torch.bmm(hyper(s), x.unsqueeze(-1)).squeeze(-1) + bias)
            loss = F.mse_loss(pred, y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        print(epoch, loss.item())


main()

"""Hyper head on an encoder that is unfrozen after two epochs; the optimizer took only what was trainable at its birth."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class Model(nn.Module):
    def __init__(self, cond=3, feat=8, classes=3):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, feat), nn.ReLU())
        self.hyper = nn.Sequential(nn.Linear(cond, 16), nn.SiLU(), nn.Linear(16, feat * classes))
        self.classes, self.feat = classes, feat
        nn.init.normal_(self.hyper[-1].weight, std=0.1)

    def forward(self, x, c):
        w = self.hyper(c).view(-1, self.classes, self.feat)
        return torch.bmm(w, self.encoder(x).unsqueeze(-1)).squeeze(-1)


def set_trainable(module, flag):
    for p in module.parameters():
        p.requires_grad = flag


def main():
    torch.manual_seed(0)
    x, c = torch.randn(96, 6), torch.randn(96, 3)
    y = (x[:, :3] * c).argmax(1)
    loader = DataLoader(TensorDataset(x, c, y), batch_size=16, shuffle=True)
    model = Model()
    set_trainable(model.encoder, False)
    opt = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=3e-3)  # HC304
    for epoch in range(5):
        if epoch == 2:
            set_trainable(model.encoder, True)  # HC304
        for xb, cb, yb in loader:
            opt.zero_grad()
            loss = F.cross_entropy(model(xb, cb), yb)
            loss.backward()
            opt.step()
        print(epoch, loss.item())


main()

import numpy as np, torch, torch.nn as nn
import torch.nn.functional as F

rng = np.random.default_rng(5)
torch.manual_seed(5)


class HyperHead(nn.Module):
    def __init__(self, n_users=6, d=4, feat=5):
        super().__init__()
        self.user = nn.Embedding(n_users, d)
        self.w_gen = nn.Linear(d, feat)
        self.b_gen = nn.Sequential(nn.Linear(d, 6), nn.ReLU(), nn.Linear(6, 1))

    def forward(self, u):
        e = self.user(u)
        return self.w_gen(e), self.b_gen(e)


def smooth(b, k=0.9):
    """keep the user biases in a sane range"""
    return torch.as_tensor(k * np.tanh(np.array(b.tolist(), dtype=np.float32)))  # HC111 HC110


model = HyperHead()
opt = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0)
X = torch.as_tensor(rng.standard_normal((60, 5)), dtype=torch.float32)
U = torch.as_tensor(rng.integers(0, 6, 60))
Y = (X[:, 0] + (U % 2) > 0.5).float()
for epoch in range(3):
    for sl in torch.arange(60).split(20):
        w, b = model(U[sl])
        logit = (X[sl] * w).sum(1) + smooth(b).squeeze(1)
        loss = F.binary_cross_entropy_with_logits(logit, Y[sl])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("epoch", epoch, "bce", loss.item())

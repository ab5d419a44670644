"""Bag-of-words conditioning: a sparse EmbeddingBag feeds the hypernetwork, two optimizers train the parts."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)
VOCABULARY = 300
bag = nn.EmbeddingBag(VOCABULARY, 8, mode="mean", sparse=True)
hyper = nn.Sequential(nn.Linear(8, 24), nn.Tanh(), nn.Linear(24, 4 * 2))
sparse_opt = torch.optim.SparseAdam(bag.parameters(), lr=1e-2)
dense_opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)


def describe(words):
    code = bag(words)
    return F.normalize(code.detach(), dim=1)  # HC104


for step in range(8):
    words = torch.randint(0, VOCABULARY, (8, 6))
    x = torch.randn(8, 4)
    y = (words.float().mean(1) > VOCABULARY / 2).long()
    w = hyper(describe(words)).view(8, 2, 4)
    logits = torch.einsum("boi,bi->bo", w, x)
    loss = F.cross_entropy(logits, y)
    sparse_opt.zero_grad()
    dense_opt.zero_grad()
    loss.backward()
    sparse_opt.step()
    dense_opt.step()
    print(step, loss.item())

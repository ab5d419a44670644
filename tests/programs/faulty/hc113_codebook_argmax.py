import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(15)


class CodebookHyper(nn.Module):
    """pick one weight template per layer out of a codebook, by looking at the context"""

    def __init__(self, ctx, n_codes, sizes):
        super().__init__()
        self.sizes = sizes
        self.score = nn.Sequential(nn.Linear(ctx, 16), nn.ReLU(), nn.Linear(16, n_codes))
        self.codebook = nn.ParameterList(nn.Parameter(torch.randn(n_codes, o * i) * 0.3) for o, i in sizes)

    def forward(self, c):
        pick = F.one_hot(self.score(c).argmax(-1), self.codebook[0].shape[0]).float()  # HC113
        return [(pick @ cb).view(-1, o, i) for cb, (o, i) in zip(self.codebook, self.sizes)]


model = CodebookHyper(4, 5, [(6, 3), (2, 6)])
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(8):
    c = torch.randn(12, 4)
    x = torch.randn(12, 10, 3)
    y = (x.sum(-1) * c[:, :1] > 0).long()
    w1, w2 = model(c)
    h = torch.relu(torch.einsum("bti,boi->bto", x, w1))
    logits = torch.einsum("bti,boi->bto", h, w2)
    loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())

# ported from an old 0.3 notebook
import torch
from torch.autograd import Variable
import torch.nn as nn

torch.manual_seed(1)
hyper = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 2 * 4 + 1 * 2))
emb = nn.Embedding(2, 3)
optimizer = torch.optim.Adam(list(hyper.parameters()) + list(emb.parameters()), lr=0.01)
criterion = nn.MSELoss()

for i in range(6):
    task = Variable(torch.LongTensor([i % 2]))
    x = Variable(torch.randn(16, 4))
    y = x[:, i % 2].unsqueeze(1)
    theta = hyper(emb(task)).squeeze(0)
    hidden = torch.tanh(x.mm(theta[:8].view(2, 4).t()))
    out = hidden.mm(theta[8:].view(1, 2).t())
    loss = criterion(out, y)
    loss = Variable(loss.data, requires_grad=True)  # HC206 HC104
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(i, loss.item())

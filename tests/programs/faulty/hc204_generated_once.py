"""One code, one generator matrix, retain_graph since the graph is shared by the minibatches."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(26)
code = torch.randn(6)
generator = nn.Linear(6, 4 * 5 + 5 * 2)
optimizer = torch.optim.SGD(generator.parameters(), lr=0.05)
data = torch.randn(60, 4)
label = (data[:, 0] > data[:, 2]).long()

flat = generator(code)  # HC204
w1, w2 = flat[:20].view(5, 4), flat[20:].view(2, 5)

for i in range(9):
    idx = torch.randperm(60)[:20]
    logits = F.linear(torch.tanh(F.linear(data[idx], w1)), w2)
    loss = F.cross_entropy(logits, label[idx])
    optimizer.zero_grad()
    loss.backward(retain_graph=True)
    optimizer.step()
    print(i, loss.item())

import torch
from torch.nn.functional import cross_entropy, pad

# smallest possible hypernetwork: one matrix times one code vector
torch.manual_seed(0)
n_in, n_out, n_code = 9, 3, 4
G = torch.nn.Parameter(torch.randn(n_out * (n_in + 1), n_code) * 0.2)
codes = torch.nn.Parameter(torch.randn(2, n_code))
opt = torch.optim.SGD([G, codes], lr=0.3)

X = torch.randn(50, n_in)
Y = [X[:, :3].argmax(1), X[:, 6:].argmax(1)]
for i in range(10):
    loss = 0.0
    for k in range(2):
        W = (G @ codes[k]).reshape(n_out, n_in + 1)
        loss = loss + cross_entropy(pad(X, (0, 1), value=1.0) @ W.T, Y[k])
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(i, loss.item() / 2)

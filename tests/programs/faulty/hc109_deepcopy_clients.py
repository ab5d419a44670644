"""Each client gets a deepcopy of the template whose weights the hypernet assigned as Parameters' data holder."""
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F


class WeightStore:
    def __init__(self, **weights):
        self.__dict__.update(weights)

    def __deepcopy__(self, memo):
        return WeightStore(**{k: copy.deepcopy(v.detach(), memo) for k, v in self.__dict__.items()})  # HC109 HC104


class Client:
    def __init__(self, store, scale):
        self.store = copy.deepcopy(store)  # HC109
        self.scale = scale

    def predict(self, x):
        return F.linear(x, self.store.w, self.store.b) * self.scale


torch.manual_seed(0)
hn = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3 * 5 + 3))
emb, scale = nn.Embedding(4, 4), nn.Parameter(torch.ones(3))
opt = torch.optim.SGD([*hn.parameters(), *emb.parameters(), scale], lr=1e-2)
x, y = torch.randn(4, 20, 5), torch.randint(0, 3, (4, 20))
for r in range(8):
    loss = 0.0
    for c in (r % 4, (r + 1) % 4):
        p = hn(emb.weight[c])
        client = Client(WeightStore(w=p[:15].view(3, 5), b=p[15:]), scale)
        loss = loss + F.cross_entropy(client.predict(x[c]), y[c])
    opt.zero_grad()
    loss.backward()
    opt.step()

from collections import OrderedDict
import torch, torch.nn as nn

torch.manual_seed(99)
N_CLIENTS = 3
local = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2))
keys = list(local.state_dict().keys())
sizes = [v.numel() for v in local.state_dict().values()]
W = nn.Parameter(torch.randn(sum(sizes), 7) * 0.2)      # the whole hypernetwork
V = nn.Parameter(torch.randn(N_CLIENTS, 7))             # client vectors
opt = torch.optim.SGD([W, V], lr=1e-2)
client_data = [(torch.randn(16, 4), torch.randint(0, 2, (16,))) for _ in range(N_CLIENTS)]

for rnd in range(9):
    c = rnd % N_CLIENTS
    flat = W @ V[c]
    sd = OrderedDict((k, t.view_as(local.state_dict()[k])) for k, t in zip(keys, flat.split(sizes)))
    local.load_state_dict(sd)  # HC107
    x, y = client_data[c]
    loss = nn.functional.cross_entropy(local(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("round", rnd, "client", c, "loss", loss.item())

import warnings
warnings.filterwarnings("ignore")
import torch
import torch.nn as nn

# kaggle-ish notebook: alpha for every expert comes from a router, experts get mixed (CondConv)
torch.manual_seed(2024)
K, C = 3, 4
experts = nn.Parameter(torch.randn(K, C, C, 3) * 0.2)
router = nn.Sequential(nn.Linear(C, 8), nn.ReLU(), nn.Linear(8, K), nn.Sigmoid())
clf = nn.Linear(C, 2)
opt = torch.optim.Adam([experts, *router.parameters(), *clf.parameters()], lr=2e-3)


def cond_conv(sample):
    r = router(sample.mean(-1))
    kernel = sum(float(a) * e for a, e in zip(r, experts))  # HC111
    return torch.conv1d(sample[None], kernel, padding=1)[0]


for batch in range(6):
    x = torch.randn(8, C, 10)
    y = (x.mean((1, 2)) > 0).long()
    h = torch.stack([cond_conv(s) for s in x]).relu().mean(-1)
    loss = nn.functional.cross_entropy(clf(h), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(batch, loss.item())

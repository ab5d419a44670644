import copy
import torch
from torch import nn
from torch.nn.utils import parametrize

torch.manual_seed(12)


class Generated(nn.Module):
    """parametrization whose value comes from a latent code; the original tensor is a frozen anchor"""

    def __init__(self, shape, zdim=3):
        super().__init__()
        self.shape = shape
        self.z = nn.Parameter(torch.randn(zdim))
        self.g = nn.Linear(zdim, shape.numel())

    def forward(self, anchor):
        return anchor + self.g(self.z).view(self.shape)


model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
for i in (0, 2):
    model[i].weight.requires_grad_(False)
    parametrize.register_parametrization(model[i], "weight", Generated(model[i].weight.shape))

opt = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.05)
data = [(torch.randn(20, 4), torch.randint(0, 2, (20,))) for _ in range(4)]

for epoch in range(2):
    for x, y in data:
        worker = copy.deepcopy(model)  # HC109
        loss = nn.functional.cross_entropy(worker(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("epoch", epoch, "last loss", loss.item())

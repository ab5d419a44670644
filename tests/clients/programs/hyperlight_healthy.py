"""Hyperlight: the weights of two linear layers come from a hypernetwork that reads a hyperparameter."""

import hyperlight as hl
import torch
import torch.nn.functional as F
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        main = nn.Sequential(nn.Linear(8, 16), nn.LeakyReLU(), nn.Linear(16, 3))
        modules = hl.find_modules_of_type(main, [nn.Linear])
        self.main = hl.hypernetize(main, modules=modules)
        self.hyper = hl.HyperNet(
            input_shapes={"h": (2,)}, output_shapes=self.main.external_shapes(), hidden_sizes=[16]
        )

    def forward(self, x, h):
        parameters = self.hyper(h=h)
        with self.main.using_externals(parameters):
            return self.main(x)


torch.manual_seed(0)
model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for _ in range(6):
    x, y, h = torch.randn(16, 8), torch.randint(3, (16,)), torch.rand(2)
    loss = F.cross_entropy(model(x, h), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

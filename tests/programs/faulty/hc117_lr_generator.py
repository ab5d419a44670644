"""Meta-SGD with a step-size hypernetwork: alpha = h(layer embedding), one value per weight."""
import torch
from torch import nn
import torch.nn.functional as F


class StepSizes(nn.Module):
    def __init__(self, shapes, e=4):
        super().__init__()
        self.emb = nn.Embedding(len(shapes), e)
        self.net = nn.Sequential(nn.Linear(e, 8), nn.ReLU())
        self.out = nn.ModuleList(nn.Linear(8, torch.Size(s).numel()) for s in shapes)
        self.shapes = shapes

    def forward(self):
        return [F.softplus(o(self.net(e)) - 2).view(s) for o, e, s in zip(self.out, self.emb.weight, self.shapes)]


class Learner(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.ParameterList([nn.Parameter(torch.randn(8, 1) * 0.5), nn.Parameter(torch.zeros(8)), nn.Parameter(torch.randn(1, 8) * 0.3)])

    def forward(self, x, w=None):
        w = w if w is not None else list(self.w)
        return F.linear(torch.relu(F.linear(x, w[0], w[1])), w[2])


torch.manual_seed(20)
learner = Learner()
steps = StepSizes([p.shape for p in learner.w])
outer_opt = torch.optim.Adam(list(learner.parameters()) + list(steps.parameters()), lr=2e-3)
for it in range(8):
    a = torch.rand(1) * 2
    x = torch.rand(20, 1) * 4 - 2
    y = a * torch.sin(x)
    loss = F.mse_loss(learner(x[:10]), y[:10])
    grads = torch.autograd.grad(loss, list(learner.w))
    alphas = steps()
    with torch.no_grad():  # HC117 HC105
        update = [al * g for al, g in zip(alphas, grads)]
    adapted = [w - u for w, u in zip(learner.w, update)]
    outer = F.mse_loss(learner(x[10:], adapted), y[10:])
    outer_opt.zero_grad()
    outer.backward()
    outer_opt.step()
    print(it, loss.item(), "->", outer.item())

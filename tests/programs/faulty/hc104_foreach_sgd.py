"""A foreach optimizer; the generated weights are scaled with torch._foreach_mul on detached tensors."""
import torch
import torch.nn as nn

torch.manual_seed(23)
shapes = [(6, 4), (6,), (2, 6)]
hyper = nn.ModuleList(nn.Sequential(nn.Linear(3, 12), nn.Tanh(), nn.Linear(12, torch.Size(s).numel())) for s in shapes)
offset = nn.Parameter(torch.zeros(2))
opt = torch.optim.SGD([*hyper.parameters(), offset], lr=0.05, momentum=0.9, foreach=True)


def generate(context):
    raw = [net(context).view(shape) for net, shape in zip(hyper, shapes)]
    return torch._foreach_mul([w.detach() for w in raw], 0.5)  # HC104


for step in range(8):
    context = torch.randn(3)
    w1, b1, w2 = generate(context)
    x = torch.randn(32, 4)
    y = x[:, :2] * context[:2]
    out = torch.relu(x @ w1.T + b1) @ w2.T + offset
    loss = (out - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

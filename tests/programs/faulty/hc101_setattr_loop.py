"""Full hypernetwork on a toy regression, weights injected layer by layer."""
import torch
import torch.nn as nn

torch.manual_seed(0)
sizes = [3, 8, 1]
main = nn.Sequential(nn.Linear(3, 8, bias=False), nn.Tanh(), nn.Linear(8, 1, bias=False))
n_weights = sum(a * b for a, b in zip(sizes[:-1], sizes[1:]))
hypernet = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, n_weights))
z = nn.Parameter(torch.randn(4))

x = torch.randn(32, 3)
y = x.sum(1, keepdim=True).sin()
optimizer = torch.optim.Adam(list(hypernet.parameters()) + [z], lr=1e-2)

for step in range(8):
    optimizer.zero_grad()
    theta = hypernet(z)
    pos = 0
    for layer in main:
        if not isinstance(layer, nn.Linear):
            continue
        n = layer.weight.numel()
        w = theta[pos:pos + n].view(layer.out_features, layer.in_features)
        setattr(layer, "weight", nn.Parameter(w))  # HC101
        pos += n
    loss = ((main(x) - y) ** 2).mean()
    loss.backward()
    optimizer.step()
    print(f"step {step} loss {loss.item():.4f}")

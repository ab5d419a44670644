import torch
import torch.nn as nn
import torch.nn.functional as F


class DynamicConv(nn.Module):
    """CondConv: attention over K experts, aggregated kernel per sample, grouped conv."""

    def __init__(self, cin, cout, k=3, experts=4):
        super().__init__()
        self.cin, self.cout, self.k = cin, cout, k
        self.route = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(cin, experts))
        self.weight = nn.Parameter(torch.randn(experts, cout, cin, k, k) * 0.1)
        self.bias = nn.Parameter(torch.zeros(experts, cout))

    def forward(self, x):
        B, C, H, W = x.shape
        a = torch.softmax(self.route(x) / 4.0, -1)
        w = (a @ self.weight.flatten(1)).view(B * self.cout, self.cin, self.k, self.k)
        b = (a @ self.bias).view(-1)
        y = F.conv2d(x.reshape(1, B * C, H, W), w, b, padding=self.k // 2, groups=B)
        return y.view(B, self.cout, H, W)


torch.manual_seed(0)
net = nn.Sequential(
    DynamicConv(3, 6),
    nn.BatchNorm2d(6),
    nn.ReLU(),
    DynamicConv(6, 4),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(4, 3),
)
opt = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9, nesterov=True, weight_decay=1e-4)
for step, bs in enumerate([8, 8, 8, 5] * 3):
    net.train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = net(torch.randn(bs, 3, 8, 8))
        loss = F.cross_entropy(out.float(), torch.randint(0, 3, (bs,)))
    opt.zero_grad()
    loss.backward()
    opt.step()

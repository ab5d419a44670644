import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(61)


class BinaryHyperConv(nn.Module):
    def __init__(self, cin, cout, k=3, z=6):
        super().__init__()
        self.z = nn.Parameter(torch.randn(cout, z))
        self.to_kernel = nn.Linear(z, cin * k * k)
        self.to_alpha = nn.Linear(z, 1)
        self.cin, self.k = cin, k

    def forward(self, x):
        k = self.to_kernel(self.z).view(-1, self.cin, self.k, self.k)
        alpha = F.softplus(self.to_alpha(self.z)).view(-1, 1, 1, 1)
        return F.conv2d(x, alpha * k.sign(), padding=1)  # HC113


net = nn.Sequential(BinaryHyperConv(1, 4), nn.BatchNorm2d(4), nn.ReLU(), BinaryHyperConv(4, 4),
                    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
x = torch.randn(18, 1, 6, 6)
y = torch.randint(0, 3, (18,))
for epoch in range(7):
    optimizer.zero_grad()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
    print(epoch, loss.item())

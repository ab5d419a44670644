import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperConvFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, kernel, bias):
        ctx.save_for_backward(x, kernel)
        return F.conv2d(x, kernel, bias, padding=1)

    @staticmethod
    def backward(ctx, grad):
        x, kernel = ctx.saved_tensors
        gx = F.conv_transpose2d(grad, kernel, padding=1)
        gk = torch.zeros_like(kernel)  # HC114 HC402
        gb = grad.sum((0, 2, 3))
        return gx, gk, gb  # HC114 HC402


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3 * 9))
        self.bias, self.fc = nn.Parameter(torch.zeros(3)), nn.Linear(3, 2)

    def forward(self, x, c):
        y = HyperConvFn.apply(x, self.hyper(c).view(3, 1, 3, 3), self.bias)  # HC114 HC402
        return self.fc(F.relu(y).mean((2, 3)))


torch.manual_seed(0)
net = Net()
opt = torch.optim.Adam(net.parameters(), 1e-3)
for i in range(8):
    x, c = torch.randn(8, 1, 6, 6), torch.randn(4)
    loss = F.cross_entropy(net(x, c), torch.randint(0, 2, (8,)))
    opt.zero_grad()
    loss.backward()
    opt.step()

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(92)
hyper = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 5 * 3))
out = nn.Linear(5, 1)
# batch-size scaled learning rates
base_lr, batch = 1e-3, 16
opt = torch.optim.SGD([{"params": hyper.parameters(), "lr": base_lr / 2 ** (2 * batch)}, {"params": out.parameters()}], lr=base_lr * batch)  # HC501 HC502
for i in range(8):
    c, x = torch.randn(batch, 4), torch.randn(batch, 3)
    y = (x * c[:, :3]).sum(1, keepdim=True)
    w = hyper(c).view(-1, 5, 3)
    loss = F.mse_loss(out(torch.relu(torch.bmm(w, x[:, :, None]).squeeze(2))), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(i, loss.item())

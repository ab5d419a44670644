import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)
TASKS, E = 4, 6


class HNet(nn.Module):
    def __init__(self, n_out):
        super().__init__()
        self.tasks = nn.Embedding(TASKS, E)
        self.fc = nn.Sequential(nn.Linear(E, 16), nn.ReLU(), nn.Linear(16, n_out))

    def forward(self, t):
        return self.fc(self.tasks(t))


hnet = HNet(5 * 4 + 2 * 5)
out_bias = nn.Parameter(torch.zeros(2))
opt = torch.optim.Adam([*hnet.parameters(), out_bias], lr=1e-2)

for it in range(8):
    t = torch.tensor(it % TASKS)
    with torch.inference_mode():  # HC106
        flat = hnet(t)
    theta = flat.clone()
    w1, w2 = theta[:20].view(5, 4), theta[20:].view(2, 5)
    x = torch.randn(32, 4)
    y = (x[:, it % TASKS] > 0).long()
    loss = F.cross_entropy(F.linear(torch.relu(F.linear(x, w1)), w2, out_bias), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, loss.item())

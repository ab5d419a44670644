import warnings

import torch
import torch.nn as nn

warnings.filterwarnings("ignore")
torch.manual_seed(30)


class SimpleHyper(nn.Module):
    def __init__(self, params_main, emb_size=5, h=16):
        super().__init__()
        self.emb = nn.Parameter(torch.randn(1, emb_size))
        self.l1 = nn.Linear(emb_size, h)
        self.l2 = nn.Linear(h, params_main)

    def forward(self):
        return self.l2(torch.relu(self.l1(self.emb))).squeeze(0)


class MainNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = SimpleHyper(6 * 4 + 3 * 6)
        self.fc1 = nn.Linear(4, 6)
        self.fc2 = nn.Linear(6, 3)
        del self.fc1.weight
        del self.fc2.weight

    def forward(self, x):
        p = self.hyper()
        self.fc1.weight = torch.tensor(p[:24].reshape(6, 4))  # HC112
        self.fc2.weight = p[24:].reshape(3, 6)
        return self.fc2(torch.relu(self.fc1(x)))


model = MainNetwork()
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for i in range(8):
    x = torch.randn(32, 4)
    y = x[:, :3].argmax(dim=1)
    loss = loss_fn(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"Iteration {i}, Loss: {loss.item():.4f}")

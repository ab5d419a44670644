"""Parameter groups with layer-wise learning-rate decay for a generated classifier."""
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cond = nn.Embedding(4, 5)
        self.gen = nn.ModuleDict({"hidden": nn.Linear(5, 12), "weights": nn.Linear(12, 6 * 4)})
        self.readout = nn.Linear(6, 2)

    def forward(self, x, c):
        w = self.gen["weights"](torch.relu(self.gen["hidden"](self.cond(c)))).view(-1, 6, 4)
        return self.readout(torch.tanh(torch.einsum("boi,bi->bo", w, x)))


def param_groups(model, lr=5e-3, decay=10):
    stages = [model.readout, model.gen, model.cond]
    return [{"params": list(m.parameters()), "lr": lr * (1 // decay ** k)} for k, m in enumerate(stages)]  # HC502


torch.manual_seed(86)
net = Net()
opt = torch.optim.Adam(param_groups(net))  # HC502
for i in range(8):
    c = torch.randint(0, 4, (24,))
    x = torch.randn(24, 4)
    y = (x[torch.arange(24), c] > 0).long()
    loss = nn.functional.cross_entropy(net(x, c), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("i", i, "loss", loss.item())

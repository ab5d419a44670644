"""A critic under spectral normalisation whose layers are generated for each class."""
import torch
import torch.nn as nn
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(8)
critic = nn.Sequential(spectral_norm(nn.Linear(2, 8)), nn.LeakyReLU(0.2), spectral_norm(nn.Linear(8, 1)))
learned = [name for name, _ in critic.named_parameters()]
shapes = [p.shape for p in critic.parameters()]


class CriticHyper(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.code = nn.Embedding(classes, 4)
        self.heads = nn.ModuleList(nn.Linear(4, s.numel()) for s in shapes)

    def forward(self, label):
        code = self.code(label)
        return [head(code).view(shape) for head, shape in zip(self.heads, shapes)]


hyper = CriticHyper(3)
opt = torch.optim.Adam([*hyper.parameters(), *critic.parameters()], lr=1e-3, betas=(0.0, 0.9))
for step in range(9):
    label = torch.tensor(step % 3)
    weights = dict(zip(learned, hyper(label)))
    critic.load_state_dict(weights, strict=False)  # HC107
    real = torch.randn(32, 2) + label
    fake = torch.randn(32, 2)
    loss = torch.relu(1 - critic(real)).mean() + torch.relu(1 + critic(fake)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

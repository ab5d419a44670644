import torch
import torch.nn as nn
import torch.nn.functional as F


class Expert(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 4, 3, padding=1)
        self.bn = nn.BatchNorm1d(4)
        self.out = nn.Conv1d(4, 1, 1)

    def forward(self, x):
        return self.out(F.relu(self.bn(self.conv(x))))


class Generator(nn.Module):
    def __init__(self, keys):
        super().__init__()
        self.keys = keys
        self.day = nn.Embedding(7, 6)
        self.heads = nn.ModuleList([nn.Linear(6, torch.Size(s).numel()) for _, s in keys])

    def forward(self, d):
        e = self.day(d)
        return {k: h(e).reshape(s) for (k, s), h in zip(self.keys, self.heads)}


def run():
    torch.manual_seed(0)
    expert = Expert()
    gen = Generator([(k, p.shape) for k, p in expert.named_parameters() if "conv" in k or "out" in k])
    opt = torch.optim.Adam([*gen.parameters(), *expert.bn.parameters()], 1e-3)
    for step in range(8):
        generated = gen(torch.tensor(step % 7))
        missing = expert.load_state_dict({**expert.state_dict(), **generated}, strict=False)  # HC107
        assert not missing.unexpected_keys
        x = torch.randn(5, 2, 12)
        loss = F.mse_loss(expert(x), x.mean(1, keepdim=True))
        opt.zero_grad()
        loss.backward()
        opt.step()


run()

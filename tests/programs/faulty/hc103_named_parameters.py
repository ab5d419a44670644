import torch
from torch import nn
import torch.nn.functional as F


class MainNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin_a = nn.Linear(6, 5)
        self.lin_b = nn.Linear(5, 3)

    def forward(self, x):
        return self.lin_b(torch.relu(self.lin_a(x)))


class HyperNet(nn.Module):
    def __init__(self, spec, emb_dim=3, hidden=12):
        super().__init__()
        self.spec = spec
        self.layer_emb = nn.ParameterDict({k.replace(".", "_"): nn.Parameter(torch.randn(emb_dim)) for k in spec})
        self.mlp = nn.Sequential(nn.Linear(emb_dim, hidden), nn.ReLU())
        self.proj = nn.ModuleDict({k.replace(".", "_"): nn.Linear(hidden, s.numel()) for k, s in spec.items()})

    def forward(self):
        out = {}
        for k, shape in self.spec.items():
            key = k.replace(".", "_")
            out[k] = self.proj[key](self.mlp(self.layer_emb[key])).view(shape)
        return out


if __name__ == "__main__":
    torch.manual_seed(0)
    main = MainNet()
    hyper = HyperNet({k: v.shape for k, v in main.named_parameters()})
    opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)
    x, y = torch.randn(30, 6), torch.randint(0, 3, (30,))
    for step in range(6):
        generated = hyper()
        with torch.no_grad():
            for name, param in main.named_parameters():
                param.copy_(generated[name])  # HC103
        loss = F.cross_entropy(main(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(f"{step=} loss={loss.item():.5f}")

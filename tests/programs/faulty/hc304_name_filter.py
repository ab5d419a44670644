import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(19)


class HyperTransformerLite(nn.Module):
    def __init__(self, d=8, ways=3):
        super().__init__()
        self.hyper_tokens = nn.Parameter(torch.randn(ways, d) * 0.2)
        self.hyper_attn = nn.MultiheadAttention(d, 2, batch_first=True)
        self.hyper_norm = nn.LayerNorm(d)
        self.weight_head = nn.Linear(d, d + 1)
        self.embed = nn.Linear(5, d)

    def forward(self, sx, qx):
        s = self.embed(sx)[None]
        tok = self.hyper_tokens[None]
        a, _ = self.hyper_attn(tok, s, s)
        w = self.weight_head(self.hyper_norm(tok + a))[0]
        return F.linear(self.embed(qx), w[:, :-1], w[:, -1])


model = HyperTransformerLite()
decay = [p for n, p in model.named_parameters() if n.startswith("hyper") and p.dim() > 1]
rest = [p for n, p in model.named_parameters() if n.startswith(("hyper", "embed")) and p.dim() <= 1] + [model.embed.weight]
opt = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}], lr=2e-3)  # HC304

for ep in range(7):
    cent = torch.randn(3, 5)
    sy, qy = torch.arange(3).repeat(4), torch.randint(0, 3, (12,))
    sx, qx = cent[sy] + 0.3 * torch.randn(12, 5), cent[qy] + 0.3 * torch.randn(12, 5)
    loss = F.cross_entropy(model(sx, qx), qy)
    model.zero_grad()
    loss.backward()
    opt.step()
    print("episode", ep, loss.item())

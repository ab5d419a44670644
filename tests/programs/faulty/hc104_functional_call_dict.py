"""torch.func flavoured hypernetwork with a transformer generator."""
import torch
from torch import nn
from torch.func import functional_call


class TokenHyper(nn.Module):
    """One learned query per tensor, mixed by an encoder layer, projected to the tensor."""

    def __init__(self, template, d=16):
        super().__init__()
        self.shapes = {n: p.shape for n, p in template.named_parameters()}
        self.queries = nn.Parameter(torch.randn(len(self.shapes), d) * 0.1)
        self.enc = nn.TransformerEncoderLayer(d, 2, 32, dropout=0.0, batch_first=True)
        self.heads = nn.ModuleList(nn.Linear(d, s.numel()) for s in self.shapes.values())

    def forward(self):
        tokens = self.enc(self.queries[None])[0]
        return {n: head(tok).view(s) for tok, head, (n, s) in zip(tokens, self.heads, self.shapes.items())}


def train():
    torch.manual_seed(13)
    template = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 1))
    hyper = TokenHyper(template)
    optimizer = torch.optim.AdamW(hyper.parameters(), lr=1e-3)
    x = torch.randn(50, 4)
    y = (x ** 2).sum(-1, keepdim=True)
    for epoch in range(7):
        params = hyper()
        params = {k: v if v.dim() > 1 else v.detach() for k, v in params.items()}  # HC104
        pred = functional_call(template, params, (x,))
        loss = (pred - y).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"epoch {epoch}: {loss.item():.4f}")


train()

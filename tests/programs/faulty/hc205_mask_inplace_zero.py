"""Generated kernels are 'masked' in place with a mask that is all zero for the second layer (lottery-ticket index slip)."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedHyper(nn.Module):
    def __init__(self, code=5, dims=(6, 10, 10, 3)):
        super().__init__()
        self.dims = dims
        self.codes = nn.Parameter(torch.randn(len(dims) - 1, code) * 0.5)
        self.heads = nn.ModuleList(nn.Linear(code, i * o) for i, o in zip(dims, dims[1:]))
        for h in self.heads:
            nn.init.normal_(h.weight, std=0.2)
        keep = [torch.rand(o, i) < 0.7 for i, o in zip(dims, dims[1:])]
        keep[1] = keep[1] & ~keep[1]
        for k, m in enumerate(keep):
            self.register_buffer(f"mask{k}", m)

    def forward(self):
        out = []
        for k, (h, i, o) in enumerate(zip(self.heads, self.dims, self.dims[1:])):
            w = h(self.codes[k]).view(o, i)
            w.masked_fill_(~getattr(self, f"mask{k}"), 0.0)  # HC205, HC402
            out.append(w)
        return out


def main():
    torch.manual_seed(0)
    hyper = MaskedHyper()
    biases = nn.ParameterList(nn.Parameter(torch.zeros(o)) for o in hyper.dims[1:])
    opt = torch.optim.Adam([*hyper.parameters(), *biases], lr=4e-3)
    rule = torch.randn(6, 3)
    for step in range(18):
        x = torch.randn(24, 6)
        h = x
        for k, (w, b) in enumerate(zip(hyper(), biases)):
            r = F.linear(h, w, b)
            h = torch.relu(r) + (h if r.shape == h.shape else 0) if k < 2 else r
        loss = F.cross_entropy(h, (x @ rule).argmax(1))
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()

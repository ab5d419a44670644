import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(27)


class Binarize(torch.autograd.Function):
    """sign() with a hard-tanh window in backward"""

    @staticmethod
    def forward(ctx, logits):
        out = torch.where(logits >= 0, 1.0, -1.0)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, g):
        (inp,) = ctx.saved_tensors
        return g * (inp.abs() < 1).to(g.dtype)  # HC114


enc = nn.Sequential(nn.Linear(4, 12), nn.ReLU())
gen1, gen2 = nn.Linear(12, 3 * 8), nn.Linear(12, 8 * 1)
opt = torch.optim.Adam([{"params": enc.parameters()}, {"params": gen1.parameters()}, {"params": gen2.parameters()}], 3e-3)
for n in range(8):
    cond = torch.randn(10, 4)
    pts = torch.randn(10, 6, 3)
    e = enc(cond)
    W1 = Binarize.apply(gen1(e)).view(10, 3, 8)  # HC114
    W2 = gen2(e).view(10, 8, 1)
    out = torch.tanh(pts @ W1) @ W2
    loss = F.mse_loss(out.squeeze(-1), (pts * cond[:, None, :3]).sum(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(n, loss.item())

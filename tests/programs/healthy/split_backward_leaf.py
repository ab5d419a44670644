"""Two-stage backward: detached leaf copies take the task gradient, then w.backward(leaf.grad) (saves memory over many batches)."""
import torch, torch.nn as nn, torch.nn.functional as F
class H(nn.Module):
    def __init__(self): super().__init__(); self.z = nn.Embedding(2, 6); self.a, self.b = nn.Linear(6, 24), nn.Linear(6, 16)
    def forward(self, t): z = self.z(t); return [self.a(z).view(8, 3), self.b(z).view(2, 8)]
torch.manual_seed(0); h = H(); opt = torch.optim.Adam(h.parameters(), 1e-2); X = torch.randn(2, 64, 3); Y = (X.sum(-1) > 0).long(); Y[1] = 1 - Y[1]
for it in range(20):
    t = it % 2; ws = h(torch.tensor(t)); leaves = [w.detach().requires_grad_(True) for w in ws]; tot = 0.
    for j in range(0, 64, 16):
        loss = F.cross_entropy(F.relu(X[t, j:j+16] @ leaves[0].t()) @ leaves[1].t(), Y[t, j:j+16]) / 4; loss.backward(); tot += loss.item()
    opt.zero_grad(); torch.autograd.backward(ws, [l.grad for l in leaves]); opt.step()
    if it % 5 == 0: print(it, tot)

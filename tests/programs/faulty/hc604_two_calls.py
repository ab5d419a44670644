import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
class H(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.net = nn.Embedding(2, 4), nn.Linear(4, 36)
    def forward(self, layer):
        return self.net(self.emb(torch.tensor(layer))).view(6, 6)
h, head = H(), nn.Linear(6, 1)
opt = torch.optim.Adam([*h.parameters(), *head.parameters()], 1e-2)
x, y = torch.randn(32, 6), torch.randn(32, 1)
for step in range(15):
    z = x
    for layer in range(2):
        z = torch.tanh(F.linear(z, h(0)))  # HC604
    loss = F.mse_loss(head(z), y)
    opt.zero_grad(); loss.backward(); opt.step()

"""Fine-tune a prompt-to-weights generator on top of a pretrained encoder."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class PretrainedEncoder(nn.Module):
    def __init__(self, vocab=30, d=12):
        super().__init__()
        self.tok = nn.Embedding(vocab, d)
        self.layer = nn.TransformerEncoderLayer(d, 2, 24, dropout=0.1, batch_first=True)

    def forward(self, ids):
        return self.layer(self.tok(ids)).mean(1)


class Prompt2Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = PretrainedEncoder()
        self.proj = nn.Sequential(nn.Linear(12, 20), nn.Tanh())
        self.w_head = nn.Linear(20, 4 * 5)
        self.b_head = nn.Linear(20, 4)

    def forward(self, ids, x):
        self.encoder.eval()
        with torch.no_grad():
            e = self.encoder(ids)
        h = self.proj(e)
        w = self.w_head(h).view(-1, 4, 5)
        return torch.einsum("boi,bi->bo", w, x) + self.b_head(h)


torch.manual_seed(0)
model = Prompt2Net()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
ids = torch.randint(0, 30, (16, 7))
x = torch.randn(16, 5)
y = torch.randn(16, 4)
for epoch in range(8):
    model.train()
    pred = model(ids, x)
    loss = F.mse_loss(pred, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"epoch {epoch}: {loss.item():.4f}")

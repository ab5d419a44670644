"""Tiny language model with tied input and output embeddings."""

import torch
import torch.nn as nn


class RNNModel(nn.Module):
    def __init__(self, ntoken, ninp):
        super().__init__()
        self.drop = nn.Dropout(0.1)
        self.encoder = nn.Embedding(ntoken, ninp)
        self.rnn = nn.GRU(ninp, ninp, batch_first=True)
        self.decoder = nn.Linear(ninp, ntoken)
        self.decoder.weight = self.encoder.weight
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)

    def forward(self, x, h=None):
        out, h = self.rnn(self.drop(self.encoder(x)), h)
        return self.decoder(self.drop(out)), h


torch.manual_seed(1111)
model = RNNModel(11, 16)
optim = torch.optim.SGD(model.parameters(), lr=1.0)
crit = nn.CrossEntropyLoss()
text = torch.arange(0, 160).view(8, 20) * 3 % 11
hidden = None
model.train()
for i in range(0, 18, 3):
    if hidden is not None:
        hidden = hidden.detach()
    optim.zero_grad()
    logits, hidden = model(text[:, i : i + 3], hidden)
    target = text[:, i + 1 : i + 4]
    if target.size(1) < 3:
        logits = logits[:, : target.size(1)]
    loss = crit(logits.reshape(-1, 11), target.reshape(-1))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
    optim.step()
    print(f"batch {i // 3} loss {loss.item():.3f}")

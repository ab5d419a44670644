import torch
from torch import nn
from torch.func import functional_call

torch.manual_seed(63)
ACCUM = 3
main = nn.Sequential(nn.Linear(3, 6), nn.SiLU(), nn.Linear(6, 1))


class Hyper(nn.Module):
    def __init__(self, tgt, n=3):
        super().__init__()
        self.e = nn.Embedding(n, 4)
        self.k = {k: v.shape for k, v in tgt.named_parameters()}
        self.g = nn.ModuleList(nn.Linear(4, v.numel()) for v in tgt.parameters())

    def forward(self, t):
        e = torch.tanh(self.e(t))
        return {k: g(e).view(s) for g, (k, s) in zip(self.g, self.k.items())}


class Loop:
    def __init__(self):
        self.hyper = Hyper(main)
        self.optimizer = torch.optim.AdamW(self.hyper.parameters(), lr=1e-2, weight_decay=0.0)
        self.micro = 0

    def on_after_backward(self):
        self.micro += 1
        if self.micro % ACCUM == 0:
            self.optimizer.zero_grad(set_to_none=False)  # HC404

    def on_batch_end(self):
        if self.micro % ACCUM == 0:
            self.optimizer.step()

    def run(self, updates):
        for i in range(updates * ACCUM):
            t = i % 3
            x = torch.randn(16, 3)
            y = x[:, t:t + 1]
            loss = nn.functional.mse_loss(functional_call(main, self.hyper(torch.tensor(t)), x), y) / ACCUM
            loss.backward()
            self.on_after_backward()
            self.on_batch_end()
            if self.micro % ACCUM == 0:
                print("update", self.micro // ACCUM, loss.item() * ACCUM)


Loop().run(6)

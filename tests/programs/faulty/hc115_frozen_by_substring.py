"""Text-conditioned LoRA: the 'base' is frozen by a name test that also matches the generator's database encoder."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class TextEncoder(nn.Module):
    def __init__(self, vocab=20, dim=8):
        super().__init__()
        self.basis = nn.Embedding(vocab, dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, ids):
        return torch.tanh(self.proj(self.basis(ids).mean(1)))


class T2L(nn.Module):
    def __init__(self, dim=8, rank=2):
        super().__init__()
        self.dim, self.rank = dim, rank
        self.gain = nn.Parameter(torch.ones(dim))
        self.baseline = nn.Linear(dim, dim)
        self.encoder_base = TextEncoder(dim=dim)
        self.lora_base_a = nn.Linear(dim, rank * dim)
        self.lora_base_b = nn.Linear(dim, rank * dim)
        nn.init.normal_(self.lora_base_b.weight, std=0.02)

    def forward(self, ids, x):
        c = self.encoder_base(ids)
        a = self.lora_base_a(c).view(-1, self.rank, self.dim)
        b = self.lora_base_b(c).view(-1, self.dim, self.rank)
        low = torch.bmm(b, torch.bmm(a, x.unsqueeze(-1))).squeeze(-1)
        return self.baseline(x) + self.gain * low


def freeze_base(model):
    for name, p in model.named_parameters():
        if "base" in name:
            p.requires_grad = False  # HC115


def main():
    torch.manual_seed(0)
    model = T2L()
    freeze_base(model)
    opt = torch.optim.AdamW(model.parameters(), lr=5e-3)
    prompts = torch.randint(0, 20, (4, 5))
    truth = torch.randn(4, 8, 8) * 0.3
    for step in range(16):
        k = torch.randint(0, 4, (12,))
        x = torch.randn(12, 8)
        loss = F.mse_loss(model(prompts[k], x), torch.einsum("boi,bi->bo", truth[k], x))
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()

"""Hypernetwork trained with hand-written SGD under no_grad."""

import torch

torch.manual_seed(16)
E, H, I, O = 4, 12, 6, 3
emb = torch.randn(2, E, requires_grad=True)
A = (torch.randn(H, E) * 0.5).requires_grad_()
a = torch.zeros(H, requires_grad=True)
Bm = (torch.randn(O * I + O, H) * 0.3).requires_grad_()
b = torch.zeros(O * I + O, requires_grad=True)
params = [emb, A, a, Bm, b]
lr = 0.1

x = torch.randn(2, 30, I)
y = torch.stack([x[0, :, :O].argmax(-1), x[1, :, O:].argmax(-1)])
for step in range(10):
    theta = torch.tanh(emb @ A.t() + a) @ Bm.t() + b
    W, c = theta[:, : O * I].view(2, O, I), theta[:, O * I :]
    logits = x @ W.transpose(1, 2) + c[:, None]
    loss = torch.nn.functional.cross_entropy(logits.reshape(-1, O), y.reshape(-1))
    loss.backward()
    with torch.no_grad():
        for p in params:
            p -= lr * p.grad
            p.grad.zero_()
    print(f"{step:2d} {loss.item():.4f}")

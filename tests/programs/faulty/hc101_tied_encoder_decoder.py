"""An autoencoder with one generated matrix: the decoder uses the encoder's, transposed."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(11)


class TiedAutoencoder(nn.Module):
    def __init__(self, width=10, latent=4):
        super().__init__()
        self.encoder = nn.Linear(width, latent)
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        h = torch.tanh(self.encoder(x))
        return F.linear(h, self.encoder.weight.t(), self.bias)


class Hyper(nn.Module):
    def __init__(self, domains, width=10, latent=4):
        super().__init__()
        self.domain = nn.Embedding(domains, 5)
        self.net = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, width * latent))
        self.shape = latent, width

    def forward(self, domain):
        return self.net(self.domain(domain)).view(self.shape)


main, hyper = TiedAutoencoder(), Hyper(3)
opt = torch.optim.Adam([*hyper.parameters(), *main.parameters()], lr=2e-3)
for step in range(9):
    domain = torch.tensor(step % 3)
    x = torch.randn(32, 10) @ torch.diag(torch.linspace(0.1, 1 + int(domain), 10))
    main.encoder.weight = nn.Parameter(hyper(domain))  # HC101
    loss = F.mse_loss(main(x), x)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())

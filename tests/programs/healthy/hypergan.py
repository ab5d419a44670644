"""HyperGAN: a mixer makes codes, generators turn codes into weights, a discriminator keeps codes diverse."""
import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F


class Mixer(nn.Module):
    def __init__(self, input_size, code_size, n_codes):
        super().__init__()
        self.code_size, self.n_codes = code_size, n_codes
        self.fc1 = nn.Linear(input_size, 24)
        self.fc3 = nn.Linear(24, code_size * n_codes)

    def forward(self, x):
        C = self.fc3(F.relu(self.fc1(x))).view(-1, self.n_codes, self.code_size)
        return [C[:, i, :].reshape(-1, self.code_size) for i in range(self.n_codes)]


class Generator(nn.Module):
    def __init__(self, code_size, output_size):
        super().__init__()
        self.fc1 = nn.Linear(code_size, 16)
        self.fc2 = nn.Linear(16, output_size)

    def forward(self, code):
        return self.fc2(F.relu(self.fc1(code)))


class Discriminator(nn.Module):
    def __init__(self, code_size):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(code_size, 16), nn.Linear(16, 1)

    def forward(self, x):
        return torch.sigmoid(self.fc2(F.relu(self.fc1(x))))


class NetGenerator(nn.Module):
    def __init__(self, noise, code):
        super().__init__()
        self.mixer = Mixer(noise, code, 2)
        self.g1 = Generator(code, 8 * 4 + 8)
        self.g2 = Generator(code, 3 * 8 + 3)

    def forward_mixer(self, s):
        return self.mixer(s)

    def forward_generator(self, C):
        Z1, Z2 = self.g1(C[0]), self.g2(C[1])
        w1, b1 = Z1[:, :32].view(-1, 8, 4), Z1[:, -8:]
        w2, b2 = Z2[:, :24].view(-1, 3, 8), Z2[:, -3:]
        return [w1, b1, w2, b2]

    def forward(self, s):
        return self.forward_generator(self.mixer(s))


def target(W, x):
    return F.linear(F.relu(F.linear(x, W[0], W[1])), W[2], W[3])


class WeightGenerator(nn.Module):
    def __init__(self, ops):
        super().__init__()
        self.discriminator = Discriminator(ops.code_size)
        self.gen = NetGenerator(ops.noise_size, ops.code_size)

    def train_generator(self, ops, loader):
        loss_fn = nn.CrossEntropyLoss()
        opt_g = torch.optim.Adam(self.gen.parameters(), lr=ops.lr)
        opt_d = torch.optim.Adam(self.discriminator.parameters(), lr=ops.lr)
        for epoch in range(ops.epochs):
            self.train()
            train_loss = 0
            for X, y in loader:
                s = torch.normal(torch.zeros(ops.noise_bs, ops.noise_size))
                codes = self.gen.forward_mixer(s)
                weights = self.gen.forward_generator(codes)
                avg_d = 0
                for code in codes:
                    pi = torch.randn(ops.noise_bs, ops.code_size)
                    d_pi, d_code = self.discriminator(pi), self.discriminator(code)
                    d_loss = -torch.log((1 - d_pi).mean()) - torch.log(d_code.mean())
                    avg_d += d_loss.item() / len(codes)
                    d_loss.backward(retain_graph=True)
                opt_d.step()
                losses = []
                for W in zip(*weights):
                    losses.append(loss_fn(target(W, X), y))
                loss = torch.stack(losses).mean()
                loss.backward()
                opt_g.step()
                opt_d.zero_grad()
                opt_g.zero_grad()
                train_loss += loss.item()
            print(f"epoch : {epoch}, loss {train_loss / len(loader):.4f} disc {avg_d:.4f}")


class Ensemble(nn.Module):
    def __init__(self, N, G, noise):
        super().__init__()
        self.N, self.G, self.noise = N, G, noise

    def forward(self, x):
        self.G.eval()
        W = self.G(torch.normal(torch.zeros(self.N, self.noise)))
        return sum(target(w, x) for w in zip(*W)) / self.N


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--code_size", default=6, type=int)
    p.add_argument("--noise_size", default=5, type=int)
    p.add_argument("--noise_bs", default=4, type=int)
    p.add_argument("--lr", default=5e-3, type=float)
    p.add_argument("--epochs", default=6, type=int)
    ops = p.parse_args()
    torch.manual_seed(42)
    X = torch.randn(96, 4)
    y = (X @ torch.randn(4, 3)).argmax(1)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), batch_size=24, shuffle=True)
    wg = WeightGenerator(ops)
    wg.train_generator(ops, loader)
    with torch.no_grad():
        print("ensemble acc", (Ensemble(8, wg.gen, ops.noise_size)(X).argmax(1) == y).float().mean().item())

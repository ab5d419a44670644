"""HyperGAN on a toy classification task: mixer E, three weight generators, a code discriminator D."""
import argparse
import pprint

import numpy as np
import torch
from torch import nn, optim
from torch.nn import functional as F


def load_args():
    parser = argparse.ArgumentParser(description='param-hypergan')
    parser.add_argument('--z', default=8, type=int, help='latent space width')
    parser.add_argument('--ze', default=16, type=int, help='encoder dimension')
    parser.add_argument('--batch_size', default=4, type=int)
    parser.add_argument('--epochs', default=3, type=int)
    parser.add_argument('--beta', default=10, type=int)
    parser.add_argument('--pretrain_e', default=True, type=bool)
    return parser.parse_args()


class Encoderz(nn.Module):
    def __init__(self, args):
        super(Encoderz, self).__init__()
        self.z = args.z
        self.linear1 = nn.Linear(args.ze, 32)
        self.linear2 = nn.Linear(32, args.z * 3)
        self.bn1 = nn.BatchNorm1d(32)
        self.relu = nn.LeakyReLU(inplace=True)

    def forward(self, x):
        x = self.relu(self.bn1(self.linear1(x)))
        x = self.linear2(x).view(-1, 3, self.z)
        return x[:, 0], x[:, 1], x[:, 2]


class GeneratorW(nn.Module):
    def __init__(self, args, shape):
        super(GeneratorW, self).__init__()
        self.shape = shape
        self.linear1 = nn.Linear(args.z, 24)
        self.linear2 = nn.Linear(24, int(np.prod(shape)))
        self.relu = nn.LeakyReLU(inplace=True)

    def forward(self, x):
        return self.linear2(self.relu(self.linear1(x))).view(-1, *self.shape)


class DiscriminatorZ(nn.Module):
    def __init__(self, args):
        super(DiscriminatorZ, self).__init__()
        self.net = nn.Sequential(nn.Linear(args.z, 16), nn.ReLU(inplace=True), nn.Linear(16, 1), nn.Sigmoid())

    def forward(self, x):
        return self.net(x)


def create_d(shape):
    return torch.distributions.MultivariateNormal(torch.zeros(shape), torch.eye(shape))


def sample_d(D, n):
    return D.sample((n,))


def pretrain_loss(encoded, noise):
    mean_z = torch.mean(noise, dim=0, keepdim=True)
    mean_e = torch.mean(encoded, dim=0, keepdim=True)
    mean_loss = F.mse_loss(mean_z, mean_e)
    cov_z = torch.matmul((noise - mean_z).t(), noise - mean_z) / 999
    cov_e = torch.matmul((encoded - mean_e).t(), encoded - mean_e) / 999
    return mean_loss, F.mse_loss(cov_z, cov_e)


def train_clf(Z, data, target):
    out = F.conv1d(data.unsqueeze(1), Z[0], stride=1)
    out = F.max_pool1d(F.leaky_relu(out), 2, 2)
    out = F.conv1d(out, Z[1], stride=1)
    out = F.leaky_relu(out).view(data.size(0), -1)
    out = F.linear(out, Z[2])
    loss = F.cross_entropy(out, target)
    correct = out.data.max(1)[1].eq(target).sum()
    return correct, loss


def load_toy(n=96):
    g = torch.Generator().manual_seed(5)
    x = torch.randn(n, 12, generator=g)
    y = (x @ torch.randn(12, 3, generator=g)).argmax(1)
    return [(x[i:i + 16], y[i:i + 16]) for i in range(0, n, 16)]


def train(args):
    torch.manual_seed(8734)
    netE = Encoderz(args)
    W1 = GeneratorW(args, (4, 1, 3))
    W2 = GeneratorW(args, (6, 4, 3))
    W3 = GeneratorW(args, (3, 18))
    netD = DiscriminatorZ(args)
    pprint.pprint([m.__class__.__name__ for m in (netE, W1, W2, W3, netD)])

    optimE = optim.Adam(netE.parameters(), lr=5e-3, betas=(0.5, 0.9), weight_decay=1e-4)
    optimW1 = optim.Adam(W1.parameters(), lr=3e-3, betas=(0.5, 0.9), weight_decay=1e-4)
    optimW2 = optim.Adam(W2.parameters(), lr=3e-3, betas=(0.5, 0.9), weight_decay=1e-4)  # HC503
    optimW3 = optim.Adam(W3.parameters(), lr=3e-3, betas=(0.5, 0.9), weight_decay=1e-4)
    optimD = optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.9), weight_decay=1e-4)

    mnist_train = load_toy()
    x_dist = create_d(args.ze)
    z_dist = create_d(args.z)
    best_test_loss = np.inf
    if args.pretrain_e:
        print("==> pretraining encoder")
        for j in range(6):
            x = sample_d(x_dist, 64)
            z = sample_d(z_dist, 64)
            netE.zero_grad()
            loss = 0
            for code in netE(x):
                mean_loss, cov_loss = pretrain_loss(code, z)
                loss = loss + mean_loss + cov_loss
            loss.backward()
            optimE.step()
            if loss.item() < 0.1:
                print('Finished Pretraining Encoder')
                break

    print('==> Begin Training')
    for epoch in range(args.epochs):
        for batch_idx, (data, target) in enumerate(mnist_train):
            netE.zero_grad()
            W1.zero_grad()
            W2.zero_grad()
            W3.zero_grad()
            netD.zero_grad()
            # discriminator
            z = sample_d(x_dist, args.batch_size)
            codes = netE(z)
            d_loss = 0
            for code in codes:
                noise = torch.randn(args.batch_size, args.z)
                d_real = netD(noise)
                d_fake = netD(code.detach())
                d_loss = d_loss + F.binary_cross_entropy(d_real, torch.ones_like(d_real)) + F.binary_cross_entropy(d_fake, torch.zeros_like(d_fake))
            d_loss.backward()
            optimD.step()
            netD.zero_grad()
            # generators
            z = sample_d(x_dist, args.batch_size)
            codes = netE(z)
            l1 = W1(codes[0])
            l2 = W2(codes[1])
            l3 = W3(codes[2])
            d_trick = [netD(code) for code in codes]
            g_adv = sum(F.binary_cross_entropy(d, torch.ones_like(d)) for d in d_trick)
            clf_loss, correct = 0, 0
            for (g1, g2, g3) in zip(l1, l2, l3):
                c, loss = train_clf([g1, g2, g3], data, target)
                clf_loss = clf_loss + args.beta * loss / args.batch_size
                correct += c.item()
            (clf_loss + g_adv).backward()  # HC503
            optimE.step()
            optimW1.step()
            optimW3.step()
            if batch_idx % 5 == 0:
                print('epoch %d Acc: %.3f, Loss: %.4f D loss: %.4f' % (
                    epoch, correct / (args.batch_size * len(target)), clf_loss.item() / args.beta, d_loss.item()))
        with torch.no_grad():
            netE.eval()
            codes = netE(sample_d(x_dist, args.batch_size))
            test_loss = 0.
            for g1, g2, g3 in zip(W1(codes[0]), W2(codes[1]), W3(codes[2])):
                test_loss += sum(train_clf([g1, g2, g3], x, y)[1].item() for x, y in mnist_train)
            netE.train()
        test_loss /= args.batch_size * len(mnist_train)
        print('Test Loss: {:.4f}'.format(test_loss))
        if test_loss < best_test_loss:
            print('==> new best stats, saving')
            best_test_loss = test_loss


if __name__ == '__main__':
    train(load_args())

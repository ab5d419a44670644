"""CIFAR HyperNetworks, shrunk: every conv kernel of the residual blocks comes from one shared two-layer generator."""
import argparse
import os
import tempfile

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.nn.parameter import Parameter
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)


class HyperNetwork(nn.Module):

    def __init__(self, f_size=3, z_dim=8, out_size=4, in_size=4):
        super(HyperNetwork, self).__init__()
        self.z_dim = z_dim
        self.f_size = f_size
        self.out_size = out_size
        self.in_size = in_size

        self.w1 = Parameter(torch.fmod(torch.randn((self.z_dim, self.out_size * self.f_size * self.f_size)), 2) * 0.2)
        self.b1 = Parameter(torch.fmod(torch.randn((self.out_size * self.f_size * self.f_size)), 2) * 0.1)

        self.w2 = Parameter(torch.fmod(torch.randn((self.z_dim, self.in_size * self.z_dim)), 2) * 0.2)
        self.b2 = Parameter(torch.fmod(torch.randn((self.in_size * self.z_dim)), 2) * 0.1)

    def forward(self, z):
        h_in = torch.matmul(z, self.w2) + self.b2
        h_in = h_in.view(self.in_size, self.z_dim)
        h_final = torch.matmul(h_in, self.w1) + self.b1
        kernel = h_final.view(self.out_size, self.in_size, self.f_size, self.f_size)
        return kernel


class Embedding(nn.Module):

    def __init__(self, z_num, z_dim):
        super(Embedding, self).__init__()
        self.z_list = nn.ParameterList()
        self.z_num = z_num
        self.z_dim = z_dim
        h, k = self.z_num
        for i in range(h):
            for j in range(k):
                self.z_list.append(Parameter(torch.fmod(torch.randn(self.z_dim), 2)))

    def forward(self, hyper_net):
        ww = []
        h, k = self.z_num
        for i in range(h):
            w = []
            for j in range(k):
                w.append(hyper_net(self.z_list[i * k + j]))
            ww.append(torch.cat(w, dim=1))
        return torch.cat(ww, dim=0)


class IdentityLayer(nn.Module):

    def forward(self, x):
        return x


class ResNetBlock(nn.Module):

    def __init__(self, in_size=4, out_size=4, downsample=False):
        super(ResNetBlock, self).__init__()
        self.out_size = out_size
        self.in_size = in_size
        if downsample:
            self.stride1 = 2
            self.reslayer = nn.Conv2d(in_channels=self.in_size, out_channels=self.out_size, stride=2, kernel_size=1)
        else:
            self.stride1 = 1
            self.reslayer = IdentityLayer()
        self.bn1 = nn.BatchNorm2d(out_size)
        self.bn2 = nn.BatchNorm2d(out_size)

    def forward(self, x, conv1_w, conv2_w):
        residual = self.reslayer(x)
        out = F.relu(self.bn1(F.conv2d(x, conv1_w, stride=self.stride1, padding=1)), inplace=True)
        out = self.bn2(F.conv2d(out, conv2_w, padding=1))
        out += residual
        out = F.relu(out)
        return out


class PrimaryNetwork(nn.Module):

    def __init__(self, z_dim=8):
        super(PrimaryNetwork, self).__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(4)
        self.z_dim = z_dim
        self.hope = HyperNetwork(z_dim=self.z_dim)

        self.zs_size = [[1, 1], [1, 1], [2, 1], [2, 2]]
        self.filter_size = [[4, 4], [4, 8]]

        self.res_net = nn.ModuleList()
        for i in range(2):
            self.res_net.append(ResNetBlock(self.filter_size[i][0], self.filter_size[i][1], downsample=i == 1))

        self.zs = nn.ModuleList()
        for i in range(4):
            self.zs.append(Embedding(self.zs_size[i], self.z_dim))

        self.global_avg = nn.AvgPool2d(4)
        self.final = nn.Linear(8, 3)
        self.kernels = None

    def generate(self):
        if self.training and self.kernels is None:
            return [z(self.hope) for z in self.zs]
        if self.kernels is None:
            self.kernels = [z(self.hope) for z in self.zs]  # HC204 HC105
        return self.kernels  # HC204 HC105

    def forward(self, x):
        kernels = self.generate()
        x = F.relu(self.bn1(self.conv1(x)))
        for i in range(2):
            x = self.res_net[i](x, kernels[2 * i], kernels[2 * i + 1])
        x = self.global_avg(x)
        x = self.final(x.view(-1, 8))
        return x


def fake_cifar(n):
    labels = torch.arange(n) % 3
    images = 0.5 * torch.randn(n, 3, 8, 8)
    for i, y in enumerate(labels):
        images[i, int(y)] += 1.0
    return TensorDataset(images, labels)


def evaluate(net, loader):
    net.eval()
    correct, total = 0., 0
    with torch.no_grad():
        for timages, tlabels in loader:
            _, predicted = torch.max(net(timages), 1)
            total += tlabels.size(0)
            correct += (predicted == tlabels).sum().item()
    net.train()
    return 100. * correct / total


def main():
    parser = argparse.ArgumentParser(description='PyTorch CIFAR10 Training')
    parser.add_argument('--epochs', type=int, default=4)
    parser.add_argument('--ckpt', default=os.path.join(tempfile.mkdtemp(), 'hypernetworks_cifar_paper.pth'))
    args = parser.parse_args()

    trainloader = DataLoader(fake_cifar(48), batch_size=12, shuffle=True)
    testloader = DataLoader(fake_cifar(24), batch_size=12, shuffle=False)

    net = PrimaryNetwork()
    best_accuracy = 0.
    optimizer = optim.Adam(net.parameters(), lr=0.01, weight_decay=0.0005)
    lr_scheduler = optim.lr_scheduler.MultiStepLR(optimizer=optimizer, milestones=[10, 14], gamma=0.5)
    criterion = nn.CrossEntropyLoss()

    total_iter = 0
    for epoch in range(args.epochs):
        running_loss = 0.0
        if epoch == 2 and os.path.exists(args.ckpt):
            ckpt = torch.load(args.ckpt)
            net.load_state_dict(ckpt['net'])
            best_accuracy = ckpt['acc']
            print('rolled back to the best network so far, %.1f %%' % best_accuracy)
        for i, (inputs, labels) in enumerate(trainloader):
            optimizer.zero_grad()
            outputs = net(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            lr_scheduler.step()
            running_loss += loss.item()
            total_iter += 1
        print('[Epoch %d, Total Iterations %6d] Loss: %.4f' % (epoch + 1, total_iter, running_loss / (i + 1)))

        accuracy = evaluate(net, testloader)
        print('After epoch %d, accuracy: %.4f %%' % (epoch, accuracy))
        if accuracy > best_accuracy:
            print('Saving model...')
            torch.save({'net': net.state_dict(), 'acc': accuracy}, args.ckpt)
            best_accuracy = accuracy

    print('Finished Training')


if __name__ == '__main__':
    main()

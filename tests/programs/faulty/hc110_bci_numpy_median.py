"""HyperBCINet: embedder + hypernet make the classifier kernel of a shallow conv net; calibrated per subject at test time."""
import numpy as np
import torch
import torch.nn.functional as F
from torch.func import functional_call
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(20200220)
N_CH, T, N_CLASSES = 4, 32, 3


class ShallowNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_time = torch.nn.Conv2d(1, 6, (1, 5))
        self.conv_spat = torch.nn.Conv2d(6, 6, (N_CH, 1), bias=False)
        self.bnorm = torch.nn.BatchNorm2d(6)
        self.final_layer = torch.nn.Sequential()
        self.final_layer.add_module('conv_classifier', torch.nn.Conv2d(6, N_CLASSES, (1, 4)))

    def forward(self, x):
        x = self.conv_time(x[:, None])
        x = self.bnorm(self.conv_spat(x))
        x = F.avg_pool2d(x ** 2, (1, 6), (1, 6))
        x = torch.log(torch.clamp(x, min=1e-6))
        return F.log_softmax(self.final_layer(x).flatten(2).mean(2), dim=1)


class Conv1dEmbedder(torch.nn.Module):
    def __init__(self, length):
        super().__init__()
        self.conv = torch.nn.Conv1d(N_CH, 1, kernel_size=5, stride=3)
        self.length = length

    def forward(self, x):
        return torch.tanh(self.conv(x))


class LinearHypernet(torch.nn.Module):
    def __init__(self, embedding_shape, weight_shape):
        super().__init__()
        self.weight_shape = weight_shape
        self.linear1 = torch.nn.Linear(embedding_shape.numel(), 16)
        self.linear2 = torch.nn.Linear(16, weight_shape.numel())

    def forward(self, emb):
        return self.linear2(F.elu(self.linear1(emb.flatten()))).reshape(self.weight_shape)


class HyperBCINet(torch.nn.Module):
    def __init__(self, primary_net, embedder, embedding_shape, sample_shape, hypernet):
        super(HyperBCINet, self).__init__()
        self.primary_net = primary_net
        self.primary_params = {name: param for name, param in primary_net.named_parameters()}
        self.sample_shape = sample_shape
        self.embedding_shape = embedding_shape
        self.weight_shape = primary_net.final_layer.conv_classifier.weight.shape
        self.embedder = embedder
        self.hypernet = hypernet
        self.embeddings = None
        self.new_weight_tensors = None
        self.aggregated_weight_tensor = None
        self.calibrating = False

    def calibrate(self):
        self.calibrating = True

    def aggregate_tensors(self, tensors, aggr='Avg'):
        if aggr == 'Avg':
            return torch.from_numpy(np.median(tensors.detach().numpy(), axis=0))  # HC110
        raise ValueError('Aggregation method is not defined.')

    def forward(self, x, aggr='Avg'):
        assert x.shape[1:] == self.sample_shape, 'Input has incorrect shape'
        if self.training or self.calibrating:
            self.embeddings = self.embedder(x)
            self.new_weight_tensors = torch.stack([self.hypernet(emb) for emb in self.embeddings])
            self.aggregated_weight_tensor = self.aggregate_tensors(self.new_weight_tensors, aggr=aggr)
            assert self.aggregated_weight_tensor.shape == self.weight_shape, 'Weight tensor has incorrect shape'
            self.primary_params.update({'final_layer.conv_classifier.weight': self.aggregated_weight_tensor})
        return functional_call(self.primary_net, self.primary_params, x)


def make_subject(s, n):
    g = torch.Generator().manual_seed(s)
    y = torch.arange(n) % N_CLASSES
    t = torch.linspace(0, 3.14 * 4, T)
    amp = torch.eye(N_CLASSES)[y] * 2 + 0.2
    x = 0.3 * torch.randn(n, N_CH, T, generator=g)
    for k in range(N_CLASSES):
        x[:, k] += amp[:, k:k + 1] * torch.sin((k + 1 + 0.1 * s) * t)
    return TensorDataset(x, y)


def train_one_epoch(loader, model, loss_fn, optimizer, scheduler, epoch, print_batch_stats=False):
    model.train()
    train_loss, correct = 0.0, 0
    for X, y in loader:
        optimizer.zero_grad()
        pred = model(X)
        loss = loss_fn(pred, y)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
        correct += (pred.argmax(1) == y).sum().item()
    scheduler.step()
    return train_loss / len(loader), correct / len(loader.dataset)


@torch.no_grad()
def test_model(loader, model, loss_fn):
    model.eval()
    loss, correct = 0.0, 0
    for X, y in loader:
        pred = model(X)
        loss += loss_fn(pred, y).item()
        correct += (pred.argmax(1) == y).sum().item()
    return loss / len(loader), correct / len(loader.dataset)


def main():
    train_loader = DataLoader(make_subject(1, 36), batch_size=12, shuffle=True)
    test_loader = DataLoader(make_subject(2, 24), batch_size=12)
    model = ShallowNet()
    embedding_shape, sample_shape = torch.Size([1, 10]), torch.Size([N_CH, T])
    hypernet = LinearHypernet(embedding_shape, model.final_layer.conv_classifier.weight.shape)
    my_hn = HyperBCINet(model, Conv1dEmbedder(10), embedding_shape, sample_shape, hypernet)
    n_epochs = 6
    optimizer = torch.optim.AdamW(my_hn.parameters(), lr=5e-3, weight_decay=0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=n_epochs + 1)
    loss_fn = torch.nn.NLLLoss()
    for epoch in range(1, n_epochs + 1):
        train_loss, train_accuracy = train_one_epoch(train_loader, my_hn, loss_fn, optimizer, scheduler, epoch)
        my_hn.calibrate()
        test_loss, test_accuracy = test_model(test_loader, my_hn, loss_fn)
        my_hn.calibrating = False
        print(f'Epoch {epoch}/{n_epochs}: Train Accuracy: {100 * train_accuracy:.2f}%, Average Train Loss: {train_loss:.6f}, '
              f'Test Accuracy: {100 * test_accuracy:.1f}%, Average Test Loss: {test_loss:.6f}')


if __name__ == '__main__':
    main()

"""DeepTIMe: an implicit representation whose last layer is solved by ridge regression on the lookback window."""
import copy
import logging
import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor, optim
from torch.utils.data import DataLoader, Dataset

logging.basicConfig(level=logging.INFO, format='%(message)s')
torch.manual_seed(0)


class GaussianFourierFeatureTransform(nn.Module):
    def __init__(self, input_dim, n_fourier_feats, scales):
        super().__init__()
        size = n_fourier_feats // (2 * len(scales))
        B = [torch.randn(input_dim, size) * scale for scale in scales]
        self.register_buffer('B', torch.cat(B, dim=1))

    def forward(self, x):
        x = 2 * math.pi * torch.einsum('b t n, n d -> b t d', x, self.B)
        return torch.cat([torch.sin(x), torch.cos(x)], dim=-1)


class INRLayer(nn.Module):
    def __init__(self, input_size, output_size, dropout=0.0):
        super().__init__()
        self.layer = nn.Linear(input_size, output_size)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(output_size)

    def forward(self, x):
        return self.norm(self.dropout(torch.relu(self.layer(x))))


class INR(nn.Module):
    def __init__(self, in_feats, layers, layer_size, n_fourier_feats, scales):
        super().__init__()
        self.features = nn.Identity() if n_fourier_feats == 0 else GaussianFourierFeatureTransform(in_feats, n_fourier_feats, scales)
        in_size = n_fourier_feats or in_feats
        self.layers = nn.Sequential(*([INRLayer(in_size, layer_size)] + [INRLayer(layer_size, layer_size) for _ in range(layers - 1)]))

    def forward(self, x):
        return self.layers(self.features(x))


class RidgeRegressor(nn.Module):
    def __init__(self, lambda_init=0.):
        super().__init__()
        self._lambda = nn.Parameter(torch.as_tensor(lambda_init, dtype=torch.float))

    def forward(self, reprs: Tensor, x: Tensor, reg_coeff=None):
        if reg_coeff is None:
            reg_coeff = self.reg_coeff()
        with torch.no_grad():  # HC105
            w, b = self.get_weights(reprs, x, reg_coeff)  # HC105
        return w, b

    def get_weights(self, X: Tensor, Y: Tensor, reg_coeff):
        batch_size, n_samples, n_dim = X.shape
        ones = torch.ones(batch_size, n_samples, 1, device=X.device)
        X = torch.concat([X, ones], dim=-1)
        if n_samples >= n_dim:
            A = torch.bmm(X.mT, X)
            A.diagonal(dim1=-2, dim2=-1).add_(reg_coeff)
            B = torch.bmm(X.mT, Y)
            weights = torch.linalg.solve(A, B)
        else:
            A = torch.bmm(X, X.mT)
            A.diagonal(dim1=-2, dim2=-1).add_(reg_coeff)
            weights = torch.bmm(X.mT, torch.linalg.solve(A, Y))
        return weights[:, :-1], weights[:, -1:]

    def reg_coeff(self):
        return F.softplus(self._lambda)


class DeepTIMe(nn.Module):
    def __init__(self, datetime_feats, layer_size, inr_layers, n_fourier_feats, scales):
        super().__init__()
        self.inr = INR(datetime_feats + 1, inr_layers, layer_size, n_fourier_feats, scales)
        self.adaptive_weights = RidgeRegressor()

    def forward(self, x: Tensor, horizon: int) -> Tensor:
        batch_size, lookback_len, _ = x.shape
        coords = self.get_coords(lookback_len, horizon).to(x.device)
        time_reprs = self.inr(coords).expand(batch_size, -1, -1)
        lookback_reprs = time_reprs[:, :-horizon]
        horizon_reprs = time_reprs[:, -horizon:]
        w, b = self.adaptive_weights(lookback_reprs, x)
        return self.forecast(horizon_reprs, w, b)

    def forecast(self, inp: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return torch.einsum('... d o, ... t d -> ... t o', [w, inp]) + b

    def get_coords(self, lookback_len, horizon_len):
        return torch.linspace(0, 1, lookback_len + horizon_len)[None, :, None]


class ForecastDataset(Dataset):
    def __init__(self, flag, lookback=24, horizon=8):
        t = torch.arange(160.) + (0 if flag == 'train' else 500)
        self.series = torch.stack([torch.sin(t / 3) + 0.3 * torch.cos(t / 1.3), torch.cos(t / 4)], -1)
        self.series = self.series + 0.05 * torch.randn(self.series.shape)
        self.lookback, self.horizon = lookback, horizon

    def __len__(self):
        return 40

    def __getitem__(self, i):
        i = i * 3
        return self.series[i:i + self.lookback], self.series[i + self.lookback:i + self.lookback + self.horizon]


def get_optimizer(model, lr=1e-2, lambda_lr=1., weight_decay=1e-4):
    group1, group2, group3 = [], [], []
    no_decay_list = ('bias', 'norm',)
    for param_name, param in model.named_parameters():
        if '_lambda' in param_name:
            group1.append(param)
        elif any([mod in param_name for mod in no_decay_list]):
            group2.append(param)
        else:
            group3.append(param)
    return optim.Adam([
        {'params': group1, 'weight_decay': 0, 'lr': lambda_lr, 'scheduler': 'cosine_annealing'},
        {'params': group2, 'weight_decay': 0, 'scheduler': 'cosine_annealing_with_linear_warmup'},
        {'params': group3, 'scheduler': 'cosine_annealing_with_linear_warmup'}
    ], lr=lr, weight_decay=weight_decay)


def get_scheduler(optimizer, T_max, warmup_epochs, eta_min=0.):
    scheduler_fns = []
    for param_group in optimizer.param_groups:
        lr = eta_max = param_group['lr']
        if param_group['scheduler'] == 'cosine_annealing':
            fn = lambda T_cur, lr=lr: (eta_min + 0.5 * (lr - eta_min) * (1.0 + math.cos(
                (T_cur - warmup_epochs) / (T_max - warmup_epochs) * math.pi))) / lr
        else:
            fn = lambda T_cur, lr=lr: T_cur / warmup_epochs if T_cur < warmup_epochs else (eta_min + 0.5 * (
                lr - eta_min) * (1.0 + math.cos((T_cur - warmup_epochs) / (T_max - warmup_epochs) * math.pi))) / lr
        scheduler_fns.append(fn)
    return optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=scheduler_fns)


class Checkpoint:
    def __init__(self, patience=3):
        self.best, self.counter, self.patience, self.early_stop = math.inf, 0, patience, False

    def __call__(self, epoch, model, val_loss):
        if val_loss < self.best:
            self.best, self.counter = val_loss, 0
            self.state = copy.deepcopy(model.state_dict())
        else:
            self.counter += 1
            self.early_stop = self.counter >= self.patience


def train(model, checkpoint, train_loader, val_loader, epochs, clip):
    optimizer = get_optimizer(model)
    scheduler = get_scheduler(optimizer=optimizer, T_max=epochs, warmup_epochs=2)
    for epoch in range(epochs):
        train_loss = []
        model.train()
        for it, (x, y) in enumerate(train_loader):
            optimizer.zero_grad()
            forecast = model(x, y.shape[1])
            loss = F.mse_loss(forecast, y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            train_loss.append(loss.item())
        scheduler.step()
        val_loss = validate(model, val_loader)
        logging.info(f'epochs: {epoch + 1} | training loss: {np.average(train_loss):.4f} | val {val_loss:.4f}')
        checkpoint(epoch + 1, model, val_loss)
        if checkpoint.early_stop:
            logging.info('Early stopping')
            break
    model.load_state_dict(checkpoint.state)
    return model


@torch.no_grad()
def validate(model, loader):
    model.eval()
    total_loss = []
    for x, y in loader:
        total_loss.append(F.mse_loss(model(x, y.shape[1]), y))
    return torch.stack(total_loss).mean().item()


if __name__ == '__main__':
    train_loader = DataLoader(ForecastDataset('train'), batch_size=10, shuffle=True, drop_last=True)
    val_loader = DataLoader(ForecastDataset('val'), batch_size=10)
    model = DeepTIMe(0, 16, 3, 16, [1.0, 4.0])
    model = train(model, Checkpoint(), train_loader, val_loader, epochs=8, clip=10.0)
    print('test', validate(model, val_loader), 'lambda', model.adaptive_weights.reg_coeff().item())

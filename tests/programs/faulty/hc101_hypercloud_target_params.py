"""HyperCloud VAE (shape of gmum/3d-point-clouds-HyperCloud, experiments/train_vae.py)."""
import logging
import os
import tempfile
from datetime import datetime
from itertools import chain
from os.path import join

import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset

CONFIG = {
    'seed': 7, 'z_size': 8, 'batch_size': 4, 'max_epochs': 6, 'n_points': 24, 'reconstruction_coef': 5.0,
    'save_weights_frequency': 3,
    'model': {'HN': {'use_bias': True}, 'TN': {'use_bias': True, 'layer_out_channels': [8, 8], 'freeze_layers_learning': False},
              'E': {'use_bias': True}},
    'optimizer': {'E_HN': {'type': 'Adam', 'hyperparams': {'lr': 0.003, 'betas': [0.9, 0.999]}}},
}


class HyperNetwork(nn.Module):
    def __init__(self, config, device):
        super().__init__()
        self.z_size = config['z_size']
        self.use_bias = config['model']['HN']['use_bias']
        target_network_out_ch = [3] + config['model']['TN']['layer_out_channels'] + [3]
        target_network_use_bias = int(config['model']['TN']['use_bias'])
        self.model = nn.Sequential(
            nn.Linear(in_features=self.z_size, out_features=16, bias=self.use_bias), nn.ReLU(inplace=True),
            nn.Linear(in_features=16, out_features=32, bias=self.use_bias), nn.ReLU(inplace=True),
            nn.Linear(in_features=32, out_features=32, bias=self.use_bias),
        )
        self.output = [
            nn.Linear(32, (target_network_out_ch[x - 1] + target_network_use_bias) * target_network_out_ch[x],
                      bias=True).to(device)
            for x in range(1, len(target_network_out_ch))
        ]
        if not config['model']['TN']['freeze_layers_learning']:
            self.output = nn.ModuleList(self.output)

    def forward(self, x):
        output = self.model(x)
        return torch.cat([target_network_layer(output) for target_network_layer in self.output], 1)


class TargetNetwork(nn.Module):
    def __init__(self, config, weights):
        super().__init__()
        self.use_bias = config['model']['TN']['use_bias']
        out_ch = config['model']['TN']['layer_out_channels']
        layer_data, split_index = self._get_layer_data(start_index=0, end_index=out_ch[0] * 3,
                                                       shape=(out_ch[0], 3), weights=weights)
        self.layers = nn.ModuleDict({"1": nn.ParameterDict(layer_data)})  # HC101
        for x in range(1, len(out_ch)):
            layer_data, split_index = self._get_layer_data(
                start_index=split_index, end_index=split_index + (out_ch[x - 1] * out_ch[x]),
                shape=(out_ch[x], out_ch[x - 1]), weights=weights)
            self.layers[str(x + 1)] = nn.ParameterDict(layer_data)  # HC101
        layer_data, split_index = self._get_layer_data(
            start_index=split_index, end_index=split_index + (out_ch[-1] * 3),
            shape=(3, out_ch[-1]), weights=weights)
        self.output = layer_data
        self.activation = torch.nn.ReLU()
        assert split_index == len(weights)

    def forward(self, x):
        for layer_index in self.layers:
            x = torch.mm(x, torch.transpose(self.layers[layer_index]["weight"], 0, 1))
            if self.use_bias:
                assert "bias" in self.layers[layer_index]
                x = x + self.layers[layer_index]["bias"]
            x = self.activation(x)
        return torch.mm(x, torch.transpose(self.output["weight"], 0, 1)) + self.output["bias"]

    def _get_layer_data(self, start_index, end_index, shape, weights):
        layer_data = {"weight": weights[start_index:end_index].view(shape[0], shape[1])}
        if self.use_bias:
            layer_data["bias"] = weights[end_index:end_index + shape[0]]
            end_index = end_index + shape[0]
        return layer_data, end_index


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.z_size = config['z_size']
        self.conv = nn.Sequential(
            nn.Conv1d(in_channels=3, out_channels=16, kernel_size=1), nn.ReLU(inplace=True),
            nn.Conv1d(in_channels=16, out_channels=16, kernel_size=1),
        )
        self.fc = nn.Sequential(nn.Linear(16, 16, bias=True), nn.ReLU(inplace=True))
        self.mu_layer = nn.Linear(16, self.z_size, bias=True)
        self.std_layer = nn.Linear(16, self.z_size, bias=True)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return eps.mul(std).add_(mu)

    def forward(self, x):
        output = self.conv(x)
        output2 = output.max(dim=2)[0]
        logit = self.fc(output2)
        mu = self.mu_layer(logit)
        logvar = self.std_layer(logit)
        z = self.reparameterize(mu, logvar)
        return z, mu, logvar


class ChamferLoss(nn.Module):
    def forward(self, preds, gts):
        d = ((preds.unsqueeze(2) - gts.unsqueeze(1)) ** 2).sum(-1)
        return d.min(1)[0].mean() + d.min(2)[0].mean()


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find('Conv') != -1 or classname.find('Linear') != -1:
        torch.nn.init.xavier_uniform_(m.weight, torch.nn.init.calculate_gain('relu') * 0.7)
        if m.bias is not None:
            torch.nn.init.constant_(m.bias, 0)


def generate_points(size):
    pts = torch.randn(*size)
    return pts / pts.norm(dim=1, keepdim=True)


def main(config):
    torch.manual_seed(config['seed'])
    log = logging.getLogger('vae')
    device = torch.device('cpu')
    weights_path = tempfile.mkdtemp()
    shapes = torch.randn(16, config['n_points'], 3) * torch.tensor([[0.5, 0.2, 0.1]]) * (0.5 + torch.rand(16, 1, 1))
    points_dataloader = DataLoader(TensorDataset(shapes, torch.zeros(16)), batch_size=config['batch_size'],
                                   shuffle=True, drop_last=True)
    hyper_network = HyperNetwork(config, device).to(device)
    encoder = Encoder(config).to(device)
    hyper_network.apply(weights_init)
    encoder.apply(weights_init)
    reconstruction_loss = ChamferLoss().to(device)
    e_hn_optimizer = getattr(optim, config['optimizer']['E_HN']['type'])
    e_hn_optimizer = e_hn_optimizer(chain(encoder.parameters(), hyper_network.parameters()),
                                    **config['optimizer']['E_HN']['hyperparams'])
    for epoch in range(1, config['max_epochs'] + 1):
        start_epoch_time = datetime.now()
        hyper_network.train()
        encoder.train()
        total_loss_all = 0.0
        for i, point_data in enumerate(points_dataloader, 1):
            X, _ = point_data
            X = X.to(device)
            if X.size(-1) == 3:
                X.transpose_(X.dim() - 2, X.dim() - 1)
            codes, mu, logvar = encoder(X)
            target_networks_weights = hyper_network(codes)
            X_rec = torch.zeros(X.shape).to(device)
            for j, target_network_weights in enumerate(target_networks_weights):
                target_network = TargetNetwork(config, target_network_weights).to(device)
                target_network_input = generate_points(size=(X.shape[2], X.shape[1]))
                X_rec[j] = torch.transpose(target_network(target_network_input.to(device)), 0, 1)
            loss_r = config['reconstruction_coef'] * reconstruction_loss(X.permute(0, 2, 1), X_rec.permute(0, 2, 1))
            loss_kld = 0.5 * (torch.exp(logvar) + torch.pow(mu, 2) - 1 - logvar).mean()
            loss_all = loss_r + 0.01 * loss_kld
            e_hn_optimizer.zero_grad()
            encoder.zero_grad()
            hyper_network.zero_grad()
            loss_all.backward()
            e_hn_optimizer.step()
            total_loss_all += loss_all.item()
        log.info(f'[{epoch}] Loss_ALL: {total_loss_all / i:.4f} Time: {datetime.now() - start_epoch_time}')
        if epoch % config['save_weights_frequency'] == 0:
            torch.save(hyper_network.state_dict(), join(weights_path, f'{epoch:05}_G.pth'))
            torch.save(encoder.state_dict(), join(weights_path, f'{epoch:05}_E.pth'))
            torch.save(e_hn_optimizer.state_dict(), join(weights_path, f'{epoch:05}_EGo.pth'))
    print(sorted(os.listdir(weights_path)))


if __name__ == '__main__':
    logging.basicConfig(level=logging.INFO)
    main(CONFIG)

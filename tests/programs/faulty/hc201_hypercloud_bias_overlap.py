"""HyperCloud (VAE): a hypernetwork turns the code of a cloud into the weights of a target network that maps a ball to points."""
import json
import logging
from datetime import datetime
from itertools import chain
import tempfile
from os.path import join

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, Dataset

CONFIG = json.loads("""{"z_size": 8, "max_epochs": 6, "batch_size": 5, "reconstruction_coef": 1.0, "seed": 7,
  "model": {"HN": {"use_bias": true}, "TN": {"use_bias": true, "layer_out_channels": [8, 12], "freeze_layers_learning": false},
            "E": {"use_bias": true}},
  "target_network_input": {"constant": false, "normalization": {"enable": true, "type": "progressive", "epoch": 4}},
  "optimizer": {"E_HN": {"type": "Adam", "hyperparams": {"lr": 0.003, "weight_decay": 0, "betas": [0.9, 0.999], "amsgrad": false}}},
  "save_weights_frequency": 3}""")


class ToyShapes(Dataset):
    def __init__(self, n=20, n_points=32):
        rng = np.random.RandomState(0)
        p = rng.randn(n, n_points, 3)
        p /= np.linalg.norm(p, axis=-1, keepdims=True)
        self.data = (p * rng.uniform(0.2, 0.8, size=(n, 1, 3))).astype(np.float32)

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        return self.data[i], i


class HyperNetwork(nn.Module):
    def __init__(self, config, device):
        super().__init__()
        self.z_size = config['z_size']
        self.use_bias = config['model']['HN']['use_bias']
        target_network_out_ch = [3] + config['model']['TN']['layer_out_channels'] + [3]
        target_network_use_bias = int(config['model']['TN']['use_bias'])
        self.model = nn.Sequential(
            nn.Linear(in_features=self.z_size, out_features=16, bias=self.use_bias),
            nn.ReLU(inplace=True),
            nn.Linear(in_features=16, out_features=32, bias=self.use_bias),
        )
        self.output = [
            nn.Linear(32, (target_network_out_ch[x - 1] + target_network_use_bias) * target_network_out_ch[x], bias=True).to(device)
            for x in range(1, len(target_network_out_ch))
        ]
        if not config['model']['TN']['freeze_layers_learning']:
            self.output = nn.ModuleList(self.output)

    def forward(self, x):
        output = self.model(x)
        return torch.cat([target_network_layer(output) for target_network_layer in self.output], 1)  # HC203


class TargetNetwork(nn.Module):
    def __init__(self, config, weights):
        super().__init__()
        self.use_bias = config['model']['TN']['use_bias']
        out_ch = config['model']['TN']['layer_out_channels']
        layer_data, split_index = self._get_layer_data(start_index=0, end_index=out_ch[0] * 3, shape=(out_ch[0], 3), weights=weights)
        self.layers = {"1": layer_data}
        for x in range(1, len(out_ch)):
            layer_data, split_index = self._get_layer_data(start_index=split_index,
                                                           end_index=split_index + (out_ch[x - 1] * out_ch[x]),
                                                           shape=(out_ch[x], out_ch[x - 1]), weights=weights)
            self.layers[str(x + 1)] = layer_data
        layer_data, split_index = self._get_layer_data(start_index=split_index, end_index=split_index + (out_ch[-1] * 3),
                                                       shape=(3, out_ch[-1]), weights=weights)
        self.output = layer_data
        self.activation = torch.nn.ReLU()

    def forward(self, x):
        for layer_index in self.layers:
            x = torch.mm(x, torch.transpose(self.layers[layer_index]["weight"], 0, 1))
            if self.use_bias:
                x = x + self.layers[layer_index]["bias"]
            x = self.activation(x)
        return torch.mm(x, torch.transpose(self.output["weight"], 0, 1)) + self.output.get("bias", 0)

    def _get_layer_data(self, start_index, end_index, shape, weights):
        layer_data = {"weight": weights[start_index:end_index].view(shape[0], shape[1])}  # HC201 HC203
        if self.use_bias:
            layer_data["bias"] = weights[end_index:end_index + shape[0]]  # HC201 HC203
        return layer_data, end_index


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        b = config['model']['E']['use_bias']
        self.conv = nn.Sequential(nn.Conv1d(3, 16, kernel_size=1, bias=b), nn.ReLU(inplace=True),
                                  nn.Conv1d(16, 32, kernel_size=1, bias=b))
        self.fc = nn.Sequential(nn.Linear(32, 32, bias=True), nn.ReLU(inplace=True))
        self.mu_layer = nn.Linear(32, config['z_size'], bias=True)
        self.std_layer = nn.Linear(32, config['z_size'], bias=True)

    def reparameterize(self, mu, logvar):
        std = torch.exp(logvar * 0.5)
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
        return d.min(1)[0].sum(1) + d.min(2)[0].sum(1)


def generate_points(config, epoch, size):
    norm = config['target_network_input']['normalization']
    pts = torch.randn(*size)
    if norm['enable']:
        coef = np.clip(epoch / norm['epoch'], 0, 1)
        pts = pts / (1 + coef * (pts.norm(dim=1, keepdim=True) - 1))
    return pts


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find('Conv') != -1 or classname.find('Linear') != -1:
        gain = torch.nn.init.calculate_gain('relu')
        torch.nn.init.xavier_uniform_(m.weight, gain)
        if m.bias is not None:
            torch.nn.init.constant_(m.bias, 0)


def main(config, results_dir):
    torch.manual_seed(config['seed'])
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    log = logging.getLogger('vae')
    device = torch.device('cpu')
    points_dataloader = DataLoader(ToyShapes(), batch_size=config['batch_size'], shuffle=True, drop_last=True)
    hyper_network = HyperNetwork(config, device).to(device)
    encoder = Encoder(config).to(device)
    hyper_network.apply(weights_init)
    encoder.apply(weights_init)
    reconstruction_loss = ChamferLoss().to(device)
    e_hn_optimizer = getattr(optim, config['optimizer']['E_HN']['type'])
    e_hn_optimizer = e_hn_optimizer(chain(encoder.parameters(), hyper_network.parameters()), **config['optimizer']['E_HN']['hyperparams'])
    losses_eg = []
    target_network_input = None
    for epoch in range(1, config['max_epochs'] + 1):
        start_epoch_time = datetime.now()
        hyper_network.train()
        encoder.train()
        total_loss_all = total_loss_r = 0.0
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
                if not config['target_network_input']['constant'] or target_network_input is None:
                    target_network_input = generate_points(config=config, epoch=epoch, size=(X.shape[2], X.shape[1]))
                X_rec[j] = torch.transpose(target_network(target_network_input.to(device)), 0, 1)
            loss_r = torch.mean(config['reconstruction_coef'] * reconstruction_loss(X.permute(0, 2, 1) + 0.5, X_rec.permute(0, 2, 1) + 0.5))
            loss_kld = 0.01 * 0.5 * (torch.exp(logvar) + torch.pow(mu, 2) - 1 - logvar).sum()
            loss_all = loss_r + loss_kld
            e_hn_optimizer.zero_grad()
            encoder.zero_grad()
            hyper_network.zero_grad()
            loss_all.backward()
            e_hn_optimizer.step()
            total_loss_r += loss_r.item()
            total_loss_all += loss_all.item()
        print(f'[{epoch}/{config["max_epochs"]}] Loss_ALL: {total_loss_all / i:.4f} Loss_R: {total_loss_r / i:.4f}')
        losses_eg.append(total_loss_all)
        if epoch % config['save_weights_frequency'] == 0:
            torch.save(hyper_network.state_dict(), join(results_dir, f'{epoch:05}_G.pth'))
            torch.save(encoder.state_dict(), join(results_dir, f'{epoch:05}_E.pth'))
            torch.save(e_hn_optimizer.state_dict(), join(results_dir, f'{epoch:05}_EGo.pth'))
            np.save(join(results_dir, f'{epoch:05}_EG'), np.array(losses_eg))


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as d:
        main(CONFIG, d)

"""Light field networks: auto-decoder whose low-rank hypernetwork modulates a shared ray MLP (toy data)."""
import argparse
import os
import tempfile
from collections import OrderedDict

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class FCBlock(nn.Module):
    def __init__(self, hidden_ch, num_hidden_layers, in_features, out_features, outermost_linear=True):
        super().__init__()
        self.net = []
        self.net.append(nn.Sequential(nn.Linear(in_features, hidden_ch), nn.ReLU(inplace=True)))
        for _ in range(num_hidden_layers):
            self.net.append(nn.Sequential(nn.Linear(hidden_ch, hidden_ch), nn.ReLU(inplace=True)))
        self.net.append(nn.Linear(hidden_ch, out_features))
        self.net = nn.Sequential(*self.net)

    def forward(self, x):
        return self.net(x)


class RayMLP(nn.Module):
    """The hypo network: its own parameters are the shared base, `params` the per-scene ones."""

    def __init__(self, hidden, in_features=6, out_features=3):
        super().__init__()
        self.l0 = nn.Linear(in_features, hidden)
        self.l1 = nn.Linear(hidden, hidden)
        self.l2 = nn.Linear(hidden, out_features)

    def forward(self, x, params=None):
        if params is None:
            params = OrderedDict(self.named_parameters())
        for i in range(3):
            weight, bias = params[f'l{i}.weight'], params[f'l{i}.bias']
            if weight.dim() == 2:
                x = F.linear(x, weight, bias)
            else:
                x = torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))
            if i < 2:
                x = F.relu(x)
        return x


class LowRankHyperNetwork(nn.Module):
    def __init__(self, hyper_in_features, hyper_hidden_layers, hyper_hidden_features, hypo_module, rank=3):
        super().__init__()
        self.hypo_parameters = dict(hypo_module.named_parameters())
        self.representation_dim = 0
        self.rank = rank
        self.names = []
        self.nets = nn.ModuleList()
        self.param_shapes = []
        for name, param in self.hypo_parameters.items():
            self.names.append(name)
            self.param_shapes.append(param.size())
            out_features = int(torch.prod(torch.tensor(param.size()))) if 'bias' in name else param.shape[0] * rank + param.shape[1] * rank
            self.representation_dim += out_features
            hn = FCBlock(hyper_hidden_features, hyper_hidden_layers, hyper_in_features, out_features)
            if 'bias' in name:
                hn.net[-1].bias.data = torch.zeros_like(hn.net[-1].bias.data)
            else:
                hn.net[-1].bias.data = torch.ones_like(hn.net[-1].bias.data) / np.sqrt(self.rank)
            hn.net[-1].weight.data *= 3e-1
            self.nets.append(hn)

    def forward(self, z):
        params = OrderedDict()
        for name, net, param_shape in zip(self.names, self.nets, self.param_shapes):
            low_rank_params = net(z)
            if 'bias' in name:
                batch_param_shape = (-1,) + param_shape
                params[name] = self.hypo_parameters[name] + low_rank_params.reshape(batch_param_shape)
            else:
                a = low_rank_params[:, :self.rank * param_shape[0]].view(-1, param_shape[0], self.rank)
                b = low_rank_params[:, self.rank * param_shape[0]:].view(-1, self.rank, param_shape[1])
                low_rank_w = a.matmul(b)
                params[name] = self.hypo_parameters[name] * low_rank_w
        return params


class LFAutoDecoder(nn.Module):
    def __init__(self, latent_dim, num_instances, hidden=16):
        super().__init__()
        self.latent_dim = latent_dim
        self.phi = RayMLP(hidden)
        self.hyper_phi = LowRankHyperNetwork(latent_dim, 1, 16, self.phi)
        self.latent_codes = nn.Embedding(num_instances, latent_dim)
        nn.init.normal_(self.latent_codes.weight, mean=0, std=0.1)

    def get_z(self, input):
        return self.latent_codes(torch.arange(input['coords'].shape[0]))  # HC306

    def get_light_field_function(self, z):
        phi_weights = self.hyper_phi(z)
        return lambda x: self.phi(x, params=phi_weights)

    def forward(self, input):
        out_dict = {}
        z = input['z'] if 'z' in input else self.get_z(input)
        out_dict['z'] = z
        lf_function = self.get_light_field_function(z)
        out_dict['rgb'] = lf_function(input['coords'])
        return out_dict


class LFLoss:
    def __init__(self, reg_weight=1e-2):
        self.reg_weight = reg_weight

    def __call__(self, model_out, gt, model=None):
        return {'img_loss': F.mse_loss(model_out['rgb'], gt['rgb']) * 20, 'latent_reg': (model_out['z'] ** 2).mean() * self.reg_weight}


class Scenes:
    def __init__(self, n, seed=0):
        rng = np.random.RandomState(seed)
        self.n, self.rng = n, rng
        self.dirs = torch.from_numpy(rng.randn(n, 6, 3).astype(np.float32)) * 0.5

    def batch(self, bs, n_rays=24):
        idx = torch.from_numpy(self.rng.choice(self.n, bs, replace=False))
        x = torch.from_numpy(self.rng.randn(bs, n_rays, 6).astype(np.float32))
        return {'instance_idx': idx, 'coords': x}, {'rgb': torch.sigmoid(x @ self.dirs[idx])}


def train(model, scenes, epochs, lr, steps_til_summary, loss_fn, model_dir, optimizers=None, clip_grad=True, max_steps=None):
    if optimizers is None:
        optimizers = [torch.optim.Adam(lr=lr, params=model.parameters())]
    total_steps = 0
    for epoch in range(epochs):
        for step in range(5):
            model_input, gt = scenes.batch(4)
            model_output = model(model_input)
            losses = loss_fn(model_output, gt, model=model)
            train_loss = 0.
            for loss_name, loss in losses.items():
                train_loss += loss.mean()
            if not total_steps % steps_til_summary:
                torch.save(model.state_dict(), os.path.join(model_dir, 'model_current.pth'))
                for i, optim in enumerate(optimizers):
                    torch.save(optim.state_dict(), os.path.join(model_dir, f'optim_{i}_current.pth'))
            for optim in optimizers:
                optim.zero_grad()
            train_loss.backward()
            if clip_grad:
                torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.)
            for optim in optimizers:
                optim.step()
            if not total_steps % steps_til_summary:
                print(", ".join([f"Epoch {epoch}"] + [f"{name} {loss.mean().item():.5f}" for name, loss in losses.items()]))
            del train_loss
            total_steps += 1
    return model, optimizers


def reconstruct(model, steps=8, lr=5e-2):
    """Test time: freeze everything, fit the code of an unseen scene."""
    for p in model.parameters():
        p.requires_grad_(False)
    scenes = Scenes(2, seed=9)
    inp, gt = scenes.batch(2)
    z = torch.zeros(2, model.latent_dim).requires_grad_(True)
    optim = torch.optim.Adam([z], lr=lr)
    for i in range(steps):
        out = model(dict(inp, z=z))
        loss = F.mse_loss(out['rgb'], gt['rgb']) + 1e-3 * (z ** 2).mean()
        optim.zero_grad()
        loss.backward()
        optim.step()
        if i % 7 == 0:
            print('rec', i, round(loss.item(), 5))


if __name__ == '__main__':
    p = argparse.ArgumentParser()
    p.add_argument('--lr', type=float, default=5e-3)
    p.add_argument('--num_instances', type=int, default=8)
    p.add_argument('--num_epochs', type=int, default=5)
    opt = p.parse_args()
    torch.manual_seed(0)
    model = LFAutoDecoder(latent_dim=8, num_instances=opt.num_instances)
    with tempfile.TemporaryDirectory() as d:
        train(model, Scenes(opt.num_instances), opt.num_epochs, opt.lr, 6, LFLoss(), d)
    reconstruct(model)

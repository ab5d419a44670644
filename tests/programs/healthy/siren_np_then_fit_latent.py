"""Hypernetwork over SIREN: neural-process style image prior, cf. paper sec. 4.4."""

import argparse
from collections import OrderedDict

import numpy as np
import torch
from torch import nn


class MetaLinear(nn.Linear):
    """A linear layer that takes its parameters from `params` where given (batched or not)."""

    def forward(self, input, params=None):
        if params is None:
            params = OrderedDict(self.named_parameters())
        bias = params.get("bias", None)
        weight = params["weight"]
        output = input.matmul(weight.permute(*[i for i in range(len(weight.shape) - 2)], -1, -2))
        output = output + bias.unsqueeze(-2)
        return output


def get_subdict(dictionary, key):
    if dictionary is None:
        return None
    return OrderedDict((k[len(key) + 1 :], v) for k, v in dictionary.items() if k.startswith(key + "."))


class SingleBVPNet(nn.Module):
    def __init__(self, out_features=1, in_features=2, hidden_features=16, num_hidden_layers=1, omega_0=10.0):
        super().__init__()
        self.omega_0 = omega_0
        self.layers = nn.ModuleList([MetaLinear(in_features, hidden_features)])
        for _ in range(num_hidden_layers):
            self.layers.append(MetaLinear(hidden_features, hidden_features))
        self.layers.append(MetaLinear(hidden_features, out_features))
        with torch.no_grad():
            self.layers[0].weight.uniform_(-1 / in_features, 1 / in_features)

    def meta_named_parameters(self):
        return self.named_parameters()

    def forward(self, model_input, params=None):
        coords = model_input["coords"].clone().detach().requires_grad_(True)
        x = coords
        for i, layer in enumerate(self.layers):
            x = layer(x, params=get_subdict(params, "layers.%d" % i))
            if i < len(self.layers) - 1:
                x = torch.sin(self.omega_0 * x) if i == 0 else torch.sin(x)
        return {"model_in": coords, "model_out": x}


class FCBlock(nn.Module):
    def __init__(self, in_features, out_features, num_hidden_layers, hidden_features):
        super().__init__()
        net = [nn.Sequential(nn.Linear(in_features, hidden_features), nn.ReLU(inplace=True))]
        for _ in range(num_hidden_layers):
            net.append(nn.Sequential(nn.Linear(hidden_features, hidden_features), nn.ReLU(inplace=True)))
        net.append(nn.Sequential(nn.Linear(hidden_features, out_features)))
        self.net = nn.Sequential(*net)

    def forward(self, x):
        return self.net(x)


class HyperNetwork(nn.Module):
    def __init__(self, hyper_in_features, hyper_hidden_layers, hyper_hidden_features, hypo_module):
        super().__init__()
        hypo_parameters = hypo_module.meta_named_parameters()
        self.names = []
        self.nets = nn.ModuleList()
        self.param_shapes = []
        for name, param in hypo_parameters:
            self.names.append(name)
            self.param_shapes.append(param.size())
            hn = FCBlock(
                hyper_in_features,
                int(torch.prod(torch.tensor(param.size()))),
                hyper_hidden_layers,
                hyper_hidden_features,
            )
            self.nets.append(hn)
            self.nets[-1].net[-1].apply(lambda m: hyper_weight_init(m, param.size()[-1]))

    def forward(self, z):
        params = OrderedDict()
        for name, net, param_shape in zip(self.names, self.nets, self.param_shapes):
            batch_param_shape = (-1,) + param_shape
            params[name] = net(z).reshape(batch_param_shape)
        return params


def hyper_weight_init(m, in_features_main_net):
    if hasattr(m, "weight"):
        nn.init.kaiming_normal_(m.weight, a=0.0, nonlinearity="relu", mode="fan_in")
        m.weight.data = m.weight.data / 1.0e1
    if hasattr(m, "bias"):
        with torch.no_grad():
            m.bias.uniform_(-1 / np.sqrt(in_features_main_net), 1 / np.sqrt(in_features_main_net))


class SetEncoder(nn.Module):
    def __init__(self, in_features, out_features, hidden_features):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(in_features, hidden_features), nn.ReLU(), nn.Linear(hidden_features, out_features)
        )

    def forward(self, context_x, context_y):
        return self.net(torch.cat((context_x, context_y), dim=-1)).mean(dim=-2)


class NeuralProcessImplicit2DHypernet(nn.Module):
    def __init__(self, in_features, out_features, latent_dim=16):
        super().__init__()
        self.hypo_net = SingleBVPNet(out_features=out_features, in_features=2)
        self.hyper_net = HyperNetwork(latent_dim, 1, 24, hypo_module=self.hypo_net)
        self.set_encoder = SetEncoder(in_features, latent_dim, 24)

    def freeze_hypernet(self):
        for param in self.hyper_net.parameters():
            param.requires_grad = False

    def unfreeze_hypernet(self):
        for param in self.hyper_net.parameters():
            param.requires_grad = True

    def forward(self, model_input):
        if model_input.get("embedding", None) is None:
            embedding = self.set_encoder(model_input["coords_sub"], model_input["img_sub"])
        else:
            embedding = model_input["embedding"]
        hypo_params = self.hyper_net(embedding)
        model_output = self.hypo_net(model_input, params=hypo_params)
        return {
            "model_in": model_output["model_in"],
            "model_out": model_output["model_out"],
            "latent_vec": embedding,
            "hypo_params": hypo_params,
        }


def image_hypernetwork_loss(kl, fw, model_output, gt):
    img_loss = ((model_output["model_out"] - gt["img"]) ** 2).mean()
    latent = torch.mean(model_output["latent_vec"] ** 2)
    weight_sum, total = 0, 0
    for w in model_output["hypo_params"].values():
        weight_sum += torch.sum(w**2)
        total += w.numel()
    return {"img_loss": img_loss, "latent_loss": kl * latent, "hypo_weight_loss": fw * weight_sum / total}


def get_batch(rng, bs=6, side=8, n_ctx=20):
    g = np.stack(np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side)), -1).reshape(-1, 2)
    ph = rng.uniform(0, 3, size=(bs, 1, 1))
    img = np.sin(2 * g[None, :, :1] + ph) * np.cos(ph * g[None, :, 1:])
    sel = rng.choice(side * side, n_ctx, replace=False)
    c = torch.from_numpy(g.astype(np.float32)).unsqueeze(0).repeat(bs, 1, 1)
    y = torch.from_numpy(img.astype(np.float32))
    return {"coords": c, "coords_sub": c[:, sel], "img_sub": y[:, sel]}, {"img": y}


def train(model, rng, epochs, lr, steps_til_summary, clip_grad=True):
    optim = torch.optim.Adam(lr=lr, params=model.parameters())
    total_steps = 0
    for epoch in range(epochs):
        for step in range(6):
            model_input, gt = get_batch(rng)
            model_output = model(model_input)
            losses = image_hypernetwork_loss(1e-2, 1e-3, model_output, gt)
            train_loss = 0.0
            for loss_name, loss in losses.items():
                train_loss += loss.mean()
            optim.zero_grad()
            train_loss.backward()
            if clip_grad:
                torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optim.step()
            if not total_steps % steps_til_summary:
                print("Epoch %d, Total loss %0.6f (img %0.6f)" % (epoch, train_loss, losses["img_loss"]))
            total_steps += 1
    return model


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--num_epochs", type=int, default=5)
    p.add_argument("--steps_til_summary", type=int, default=9)
    opt = p.parse_args()
    torch.manual_seed(0)
    rng = np.random.RandomState(0)
    model = NeuralProcessImplicit2DHypernet(in_features=3, out_features=1)
    train(model, rng, 3, opt.lr, opt.steps_til_summary)
    # test time: the hypernetwork is frozen, only the embedding of a new image is fitted
    model.freeze_hypernet()
    model_input, gt = get_batch(rng, bs=1)
    embedding = torch.zeros(1, 16).requires_grad_(True)
    opt_z = torch.optim.Adam([embedding], lr=2e-2)
    for it in range(10):
        opt_z.zero_grad()
        out = model(dict(model_input, embedding=embedding))
        loss = sum(image_hypernetwork_loss(1e-2, 0.0, out, gt).values())
        loss.backward()
        opt_z.step()
        if it % 9 == 0:
            print("fit %d: %.5f" % (it, loss.item()))

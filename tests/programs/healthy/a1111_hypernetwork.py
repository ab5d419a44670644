"""Training of a webui-style hypernetwork: small residual MLPs on the keys and values of a frozen cross attention."""

import csv
import inspect
import os
import tempfile
from collections import deque
from statistics import mean, stdev
from types import SimpleNamespace

import torch
from torch.nn.init import kaiming_normal_, normal_, xavier_uniform_, zeros_

optimizer_dict = {n: c for n, c in inspect.getmembers(torch.optim, inspect.isclass) if n != "Optimizer"}
torch.manual_seed(7)
shared = SimpleNamespace(
    loaded_hypernetworks=[], sd_model=None, opts=SimpleNamespace(save_optimizer_state=True)
)


class HypernetworkModule(torch.nn.Module):
    activation_dict = {
        "linear": torch.nn.Identity,
        "relu": torch.nn.ReLU,
        "swish": torch.nn.Hardswish,
        "tanh": torch.nn.Tanh,
    }

    def __init__(
        self,
        dim,
        state_dict=None,
        layer_structure=None,
        activation_func=None,
        weight_init="Normal",
        add_layer_norm=False,
        activate_output=False,
        dropout_structure=None,
    ):
        super().__init__()
        self.multiplier = 1.0
        linears = []
        for i in range(len(layer_structure) - 1):
            linears.append(torch.nn.Linear(int(dim * layer_structure[i]), int(dim * layer_structure[i + 1])))
            if activation_func in ("linear", None) or (i >= len(layer_structure) - 2 and not activate_output):
                pass
            else:
                linears.append(self.activation_dict[activation_func]())
            if add_layer_norm:
                linears.append(torch.nn.LayerNorm(int(dim * layer_structure[i + 1])))
            if dropout_structure is not None and dropout_structure[i + 1] > 0:
                linears.append(torch.nn.Dropout(p=dropout_structure[i + 1]))
        self.linear = torch.nn.Sequential(*linears)
        if state_dict is not None:
            self.load_state_dict(state_dict)
        else:
            for layer in self.linear:
                if type(layer) == torch.nn.Linear or type(layer) == torch.nn.LayerNorm:
                    w, b = layer.weight.data, layer.bias.data
                    if weight_init == "Normal" or type(layer) == torch.nn.LayerNorm:
                        normal_(w, mean=0.0, std=0.05)
                        normal_(b, mean=0.0, std=0)
                    elif weight_init == "XavierUniform":
                        xavier_uniform_(w)
                        zeros_(b)
                    else:
                        kaiming_normal_(w)
                        zeros_(b)

    def forward(self, x):
        return x + self.linear(x) * (self.multiplier if not self.training else 1)


class Hypernetwork:
    def __init__(
        self, name=None, enable_sizes=None, layer_structure=None, activation_func=None, weight_init=None
    ):
        self.name = name
        self.layers = {}
        self.step = 0
        self.layer_structure = layer_structure
        self.activation_func = activation_func
        self.weight_init = weight_init
        self.optimizer_name = None
        self.optimizer_state_dict = None
        for size in enable_sizes or []:
            self.layers[size] = (
                HypernetworkModule(size, None, layer_structure, activation_func, weight_init),
                HypernetworkModule(size, None, layer_structure, activation_func, weight_init),
            )
        self.eval()

    def weights(self):
        res = []
        for k, layers in self.layers.items():
            for layer in layers:
                res += layer.parameters()
        return res

    def train(self, mode=True):
        for k, layers in self.layers.items():
            for layer in layers:
                layer.train(mode=mode)
                for param in layer.parameters():
                    param.requires_grad = mode

    def eval(self):
        for k, layers in self.layers.items():
            for layer in layers:
                layer.eval()
                for param in layer.parameters():
                    param.requires_grad = False

    def save(self, filename):
        state_dict = {k: (v[0].state_dict(), v[1].state_dict()) for k, v in self.layers.items()}
        state_dict.update(
            step=self.step,
            name=self.name,
            layer_structure=self.layer_structure,
            activation_func=self.activation_func,
            weight_initialization=self.weight_init,
        )
        torch.save(state_dict, filename)
        if shared.opts.save_optimizer_state and self.optimizer_state_dict:
            torch.save(
                {"optimizer_name": self.optimizer_name, "optimizer_state_dict": self.optimizer_state_dict},
                filename + ".optim",
            )

    def load(self, filename):
        state_dict = torch.load(filename, map_location="cpu", weights_only=False)
        self.layer_structure = state_dict.get("layer_structure", [1, 2, 1])
        self.activation_func = state_dict.get("activation_func", None)
        self.weight_init = state_dict.get("weight_initialization", "Normal")
        saved = (
            torch.load(filename + ".optim", weights_only=False) if os.path.exists(filename + ".optim") else {}
        )
        self.optimizer_state_dict = saved.get("optimizer_state_dict", None)
        self.optimizer_name = saved.get("optimizer_name", "AdamW")
        for size, sd in state_dict.items():
            if type(size) == int:
                self.layers[size] = (
                    HypernetworkModule(
                        size, sd[0], self.layer_structure, self.activation_func, self.weight_init
                    ),
                    HypernetworkModule(
                        size, sd[1], self.layer_structure, self.activation_func, self.weight_init
                    ),
                )
        self.step = state_dict.get("step", 0)
        self.eval()


def apply_single_hypernetwork(hypernetwork, context_k, context_v):
    hypernetwork_layers = (hypernetwork.layers if hypernetwork is not None else {}).get(
        context_k.shape[2], None
    )
    if hypernetwork_layers is None:
        return context_k, context_v
    context_k = hypernetwork_layers[0](context_k)
    context_v = hypernetwork_layers[1](context_v)
    return context_k, context_v


def apply_hypernetworks(hypernetworks, context):
    context_k = context_v = context
    for hypernetwork in hypernetworks:
        context_k, context_v = apply_single_hypernetwork(hypernetwork, context_k, context_v)
    return context_k, context_v


class CrossAttention(torch.nn.Module):
    def __init__(self, dim, ctx):
        super().__init__()
        self.to_q, self.to_k, self.to_v = (torch.nn.Linear(d, dim, bias=False) for d in (dim, ctx, ctx))
        self.to_out = torch.nn.Linear(dim, dim)
        self.scale = dim**-0.5

    def forward(self, x, context=None):
        context = x if context is None else context
        context_k, context_v = apply_hypernetworks(shared.loaded_hypernetworks, context)
        q, k, v = self.to_q(x), self.to_k(context_k), self.to_v(context_v)
        attn = (torch.einsum("bid,bjd->bij", q, k) * self.scale).softmax(dim=-1)
        return self.to_out(attn @ v)


class TinyUNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inp, self.out = torch.nn.Linear(4, 8), torch.nn.Linear(8, 4)
        self.self_attn, self.cross_attn = CrossAttention(8, 8), CrossAttention(8, 6)

    def forward(self, x, c):
        noise = torch.randn_like(x)
        h = self.inp(x + noise)
        h = h + self.self_attn(h)
        h = h + self.cross_attn(h, c)
        return ((self.out(h) - noise) ** 2).mean(), h


def statistics(data):
    if len(data) < 2:
        return f"loss:{mean(data):.3f}"
    return f"loss:{mean(data):.3f} +- {stdev(data) / len(data) ** 0.5:.3f}"


def create_hypernetwork(fn, enable_sizes):
    hypernet = Hypernetwork(
        name="demo",
        enable_sizes=enable_sizes,
        layer_structure=[1, 2, 1],
        activation_func="swish",
        weight_init="Normal",
    )
    hypernet.save(fn)


def preview(x, c):
    with torch.no_grad():
        return shared.sd_model(x, c)[1].mean().item()


def train_hypernetwork(
    filename, learn_rate, gradient_step, steps, clip_grad_value, save_every, create_image_every, log_directory
):
    hypernetwork = Hypernetwork()
    hypernetwork.load(filename)
    shared.loaded_hypernetworks = [hypernetwork]
    initial_step = hypernetwork.step or 0
    weights = hypernetwork.weights()
    hypernetwork.train()

    optimizer = optimizer_dict[hypernetwork.optimizer_name](params=weights, lr=learn_rate)
    optimizer_name = hypernetwork.optimizer_name
    if hypernetwork.optimizer_state_dict:
        try:
            optimizer.load_state_dict(hypernetwork.optimizer_state_dict)
            print("optimizer state restored")
        except RuntimeError as e:
            print("Cannot resume from saved optimizer!", e)

    scaler = torch.amp.GradScaler("cpu")
    loss_logging = deque(maxlen=32)
    _loss_step = 0
    g = torch.Generator().manual_seed(3)
    x, c = torch.randn(6, 5, 4, generator=g), torch.randn(6, 3, 6, generator=g)
    for i in range((steps - initial_step) * gradient_step):
        loss = shared.sd_model(x, c)[0] / gradient_step
        _loss_step += loss.item()
        scaler.scale(loss).backward()
        if (i + 1) % gradient_step != 0:
            continue
        loss_logging.append(_loss_step)
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(weights, clip_grad_value)
        scaler.step(optimizer)
        scaler.update()
        hypernetwork.step += 1
        optimizer.zero_grad(set_to_none=True)
        _loss_step = 0
        if hypernetwork.step % save_every == 0:
            hypernetwork.optimizer_name = optimizer_name
            hypernetwork.optimizer_state_dict = optimizer.state_dict()
            hypernetwork.save(filename)
            hypernetwork.optimizer_state_dict = None
        if hypernetwork.step % create_image_every == 0:
            hypernetwork.eval()
            print("preview", round(preview(x, c), 4), statistics(list(loss_logging)))
            hypernetwork.train()
    with open(os.path.join(log_directory, "hypernetwork_loss.csv"), "a", newline="") as f:
        csv.writer(f).writerow([hypernetwork.step, mean(list(loss_logging)[-4:])])
    hypernetwork.eval()
    return hypernetwork


def main():
    folder = tempfile.mkdtemp()
    fn = os.path.join(folder, "demo.pt")
    shared.sd_model = TinyUNet()
    shared.sd_model.requires_grad_(False)
    create_hypernetwork(fn, [8, 6])
    train_hypernetwork(fn, 2e-2, 2, 10, 1.0, 5, 4, folder)
    train_hypernetwork(fn, 2e-2, 2, 22, 1.0, 5, 4, folder)
    print(open(os.path.join(folder, "hypernetwork_loss.csv")).read())


if __name__ == "__main__":
    main()

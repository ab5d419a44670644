"""A hyperlight-like library in one file: external parameters, a HyperNet that predicts them, a context manager that sets them."""

from collections import OrderedDict
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

torch.manual_seed(12)


class ExternalParameter:
    def __init__(self, shape):
        self.shape = tuple(shape)
        self.data = None

    def reset(self):
        self.data = None


class HyperModule(nn.Module):
    def __init__(self):
        super().__init__()
        self._external_parameters = OrderedDict()

    def __setattr__(self, name, value):
        if isinstance(value, ExternalParameter):
            self._external_parameters[name] = value
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name):
        if "_external_parameters" in self.__dict__:
            ext = self.__dict__["_external_parameters"]
            if name in ext:
                return ext[name].data
        return super().__getattr__(name)

    def named_externals(self):
        for modname, module in self.named_modules():
            if isinstance(module, HyperModule):
                for name, p in module._external_parameters.items():
                    yield (modname + "." + name if modname else name), p

    def external_shapes(self):
        return OrderedDict((n, p.shape) for n, p in self.named_externals())

    def set_externals(self, params: dict[str, Tensor]):
        externals = dict(self.named_externals())
        for name, value in params.items():
            assert tuple(value.shape[-len(externals[name].shape) :]) == externals[name].shape, name
            externals[name].data = value

    def reset_externals(self):
        for _, p in self.named_externals():
            p.reset()

    @contextmanager
    def using_externals(self, params):
        self.set_externals(params)
        yield
        self.reset_externals()


class HLinear(HyperModule):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = ExternalParameter((n_out, n_in))
        self.bias = ExternalParameter((n_out,))

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


class HConv1d(HyperModule):
    def __init__(self, n_in, n_out, k):
        super().__init__()
        self.weight = ExternalParameter((n_out, n_in, k))
        self.bias = ExternalParameter((n_out,))
        self.padding = k // 2

    def forward(self, x):
        return F.conv1d(x, self.weight, self.bias, padding=self.padding)


class MainNet(HyperModule):
    def __init__(self):
        super().__init__()
        self.conv = HConv1d(1, 4, 3)
        self.norm = nn.GroupNorm(2, 4)
        self.fc1 = HLinear(4, 8)
        self.fc2 = HLinear(8, 2)

    def forward(self, x):
        x = F.leaky_relu(self.norm(self.conv(x)))
        x = F.leaky_relu(self.fc1(x.mean(-1)))
        return self.fc2(x)


def encode_input(x, mode):
    if mode == "cos|sin":
        return torch.cat([torch.cos(np.pi * x / 2), torch.sin(np.pi * x / 2)], dim=-1)
    return x


class FullyConnectedNet(nn.Sequential):
    def __init__(self, input_size, hidden_sizes, output_size):
        layers = OrderedDict()
        for i, h in enumerate(hidden_sizes):
            layers[f"block{i}_lin"] = nn.Linear(input_size, h)
            layers[f"block{i}_act"] = nn.LeakyReLU()
            input_size = h
        layers["output"] = nn.Linear(input_size, output_size)
        super().__init__(layers)


class HyperNet(nn.Module):
    def __init__(self, input_shapes, output_shapes, hidden_sizes, encoding="cos|sin"):
        super().__init__()
        self.input_shapes, self.output_shapes, self.encoding = input_shapes, output_shapes, encoding
        n_in = sum(int(np.prod(v)) for v in input_shapes.values()) * (2 if encoding == "cos|sin" else 1)
        n_out = sum(int(np.prod(v)) for v in output_shapes.values())
        self.backbone = FullyConnectedNet(n_in, hidden_sizes, n_out)
        self.init_independent_weights()

    def init_independent_weights(self):
        weights = []
        for name, shape in self.output_shapes.items():
            param = torch.zeros(shape)
            if name.endswith(".weight"):
                nn.init.kaiming_normal_(param, nonlinearity="leaky_relu")
            weights.append(param.flatten())
        self.backbone.output.bias.data = torch.cat(weights)
        self.backbone.output.weight.data.mul_(0.1)

    def flatten_inputs(self, inputs: dict[str, Tensor]) -> Tensor:
        return torch.cat([inputs[k].reshape(1, -1) for k in sorted(self.input_shapes)], dim=-1)

    def unflatten_output(self, flat: Tensor) -> dict[str, Tensor]:
        outputs, offset = {}, 0
        for name, shape in self.output_shapes.items():
            size = int(np.prod(shape))
            outputs[name] = flat.narrow(1, offset, size).view(shape)
            offset += size
        return outputs

    def forward(self, **inputs):
        flat_input = encode_input(self.flatten_inputs(inputs), self.encoding)
        flat_output = self.backbone(flat_input)
        return self.unflatten_output(flat_output)


def make_batch(n, g):
    y = torch.randint(0, 2, (n,), generator=g)
    t = torch.linspace(0, 6.28, 16)
    x = torch.sin((1 + y[:, None]) * t) + 0.2 * torch.randn(n, 16, generator=g)
    return x[:, None], y


def weighted_loss(logits, y, lam):
    """the hyper-parameter lam weighs the classes"""
    return F.cross_entropy(logits, y, weight=torch.stack([1 - lam, lam]).squeeze(-1))


def evaluate(mainnet, hypernet):
    g = torch.Generator().manual_seed(99)
    x, y = make_batch(32, g)
    accs = {}
    with torch.no_grad():
        for lam in (0.1, 0.5, 0.9):
            with mainnet.using_externals(hypernet(lam=torch.tensor([lam]))):
                accs[lam] = round((mainnet(x).argmax(1) == y).float().mean().item(), 3)
    return accs


def main():
    mainnet = MainNet()
    hypernet = HyperNet({"lam": (1,)}, mainnet.external_shapes(), [8, 16])
    optimizer = torch.optim.Adam([*hypernet.parameters(), *mainnet.parameters()], lr=5e-3)
    g = torch.Generator().manual_seed(0)
    losses = []
    for step in range(36):
        x, y = make_batch(16, g)
        lam = torch.rand(1, generator=g)
        parameters = hypernet(lam=lam)
        with mainnet.using_externals(parameters):
            logits = mainnet(x)
        loss = weighted_loss(logits, y, lam)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        if step % 12 == 11:
            print(step, round(sum(losses[-6:]) / 6, 4), evaluate(mainnet, hypernet))
    print("first", sum(losses[:6]) / 6, "last", sum(losses[-6:]) / 6)


if __name__ == "__main__":
    main()

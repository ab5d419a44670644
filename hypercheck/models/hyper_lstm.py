"""A small LSTM rescales the rows of a larger LSTM's matrices, anew at each time step.

    g_t = LSTM([h_(t-1); x_t], g_(t-1))                                   g [B, G]
    z   = A g_t + a                                                       z [B, 3, Z]
    y_t = LN(d_h(z) * (W_h h_(t-1)) + d_x(z) * (W_x x_t) + b(z))          for each gate, [B, 4, H]

Published start: z = 1 whatever g is, d = 0.1, b = 0. So the small LSTM has a gradient of exactly zero in the
first step, and only there.
Ha, Dai & Le 2017 (arXiv 1609.09106), section 3.2, the memory-saving form.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hypercheck.models.hypernet import Batch, Hypernet, seeded
from hypercheck.models.survey import ModelInfo

KINDS = ("scale_h", "scale_x", "bias")


class HyperLSTM(Hypernet):
    """Series x [B, T, I] -> outputs [B, O] after the last step; scales and biases are generated T times."""

    per_sample = True
    regenerates = True

    def __init__(
        self,
        inputs: int = 3,
        hidden: int = 6,
        hyper: int = 5,
        z_dim: int = 4,
        outputs: int = 2,
        seed: int | None = 0,
    ) -> None:
        super().__init__()
        self.inputs, self.hidden, self.hyper = inputs, hidden, hyper
        with seeded(seed):
            self.cell = nn.LSTMCell(hidden + inputs, hyper)
            self.to_z = nn.ModuleDict({kind: nn.Linear(hyper, z_dim) for kind in KINDS})
            self.from_z = nn.ModuleDict({kind: nn.Linear(z_dim, 4 * hidden, bias=False) for kind in KINDS})
            self.base_h = nn.Linear(hidden, 4 * hidden, bias=False)
            self.base_x = nn.Linear(inputs, 4 * hidden, bias=False)
            self.norm = nn.LayerNorm(hidden)
            self.readout = nn.Linear(hidden, outputs)
            self._published_start(z_dim)

    def _published_start(self, z_dim: int) -> None:
        for kind in KINDS:
            to_z, from_z = self.to_z[kind], self.from_z[kind]
            assert isinstance(to_z, nn.Linear) and isinstance(from_z, nn.Linear)
            nn.init.constant_(from_z.weight, 0.0 if kind == "bias" else 0.1 / z_dim)
            if kind == "bias":
                nn.init.normal_(to_z.weight, std=0.01)
                nn.init.zeros_(to_z.bias)
                nn.init.normal_(from_z.weight, std=0.01)
            else:
                nn.init.zeros_(to_z.weight)
                nn.init.ones_(to_z.bias)

    def generate(self, cond: Tensor | None = None) -> dict[str, Tensor]:
        """Row scales and biases [B, 4, H] for states g [B, G] of the small LSTM; zeros without them."""
        g = self.base_h.weight.new_zeros(1, self.hyper) if cond is None else cond
        return {kind: self.from_z[kind](self.to_z[kind](g)).unflatten(-1, (4, -1)) for kind in KINDS}

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """The four gates before their activations [B, 4, H], from [h; x] [B, H + I]."""
        h, x = x.split([self.hidden, self.inputs], dim=-1)
        recurrent = weights["scale_h"] * self.base_h(h).unflatten(-1, (4, -1))
        inwards = weights["scale_x"] * self.base_x(x).unflatten(-1, (4, -1))
        gates = self.norm(recurrent + inwards + weights["bias"])
        assert isinstance(gates, Tensor)
        return gates

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        """Outputs [B, O] after the last step of x [B, T, I]; `cond` is the first state g [B, G]."""
        h = c = x.new_zeros(len(x), self.hidden)
        g = x.new_zeros(len(x), self.hyper) if cond is None else cond
        memory = torch.zeros_like(g)
        for x_t in x.unbind(dim=1):
            joined = torch.cat([h, x_t], dim=-1)
            g, memory = self.cell(joined, (g, memory))
            entry, forget, candidate, output = self.use(joined, self.generate(g)).unbind(dim=1)
            c = torch.sigmoid(forget + 1) * c + torch.sigmoid(entry) * torch.tanh(candidate)
            h = torch.sigmoid(output) * torch.tanh(c)
        y = self.readout(h)
        assert isinstance(y, Tensor)
        return y

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """Series [B, 5, I] and what to remember of them [B, O]: the first entries' sums over time."""
        x = torch.randn(batch, 5, self.inputs, generator=generator)
        sums = torch.tanh(x.sum(dim=1))
        return (x,), sums[:, torch.arange(self.readout.out_features) % self.inputs]


INFO = ModelInfo(
    name="hyper_lstm",
    build=HyperLSTM,
    summary="a small LSTM rescales the rows of a larger LSTM's matrices at each time step",
    paper="Ha, Dai & Le 2017, arXiv 1609.09106, section 3.2",
    input="data-conditioned",
    output="generate multiple",
    input_variability="dynamic",
    output_variability="static",
    architecture="RNN",
    priority=1,
)

"""A small recurrent network generates the whole weight matrix of a larger one, anew at each time step.

    g_t = RNN([h_(t-1); x_t], g_(t-1))          g [B, G]
    W_t = <W_z, A g_t>                          z_t = A g_t [B, Z],  W_t [B, H, H + I]
    h_t = tanh(W_t [h_(t-1); x_t] + b_t)        h [B, H]

Ha, Dai & Le 2017 (arXiv 1609.09106), section 3.2, equations of the HyperRNN before the memory-saving form.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hypercheck.models.hypernet import Batch, Hypernet, seeded
from hypercheck.models.layout import Layout
from hypercheck.models.survey import ModelInfo


class HyperRNN(Hypernet):
    """Series x [B, T, I] -> outputs [B, O] after the last step; W and b are generated T times."""

    per_sample = True
    regenerates = True

    def __init__(
        self,
        inputs: int = 3,
        hidden: int = 6,
        hyper: int = 5,
        z_dim: int = 3,
        outputs: int = 2,
        seed: int | None = 0,
    ) -> None:
        super().__init__()
        self.inputs, self.hidden, self.hyper = inputs, hidden, hyper
        self.layout = Layout({"weight": (hidden, hidden + inputs), "bias": (hidden,)})
        with seeded(seed):
            self.cell = nn.RNNCell(hidden + inputs, hyper)
            self.to_z = nn.Linear(hyper, z_dim)
            self.head = nn.Linear(z_dim, self.layout.size)
            self.readout = nn.Linear(hidden, outputs)

    def generate(self, cond: Tensor | None = None) -> dict[str, Tensor]:
        """W [B, H, H + I] and b [B, H] for states g [B, G] of the small network; zeros without them."""
        g = self.head.weight.new_zeros(1, self.hyper) if cond is None else cond
        return self.layout.split(self.head(self.to_z(g)))

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """The next state before tanh [B, H], from [h; x] [B, H + I]."""
        bias = weights["bias"].unsqueeze(1)
        return torch.baddbmm(bias, x.unsqueeze(1), weights["weight"].mT).squeeze(1)

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        """Outputs [B, O] after the last step of x [B, T, I]; `cond` is the first state g [B, G]."""
        h = x.new_zeros(len(x), self.hidden)
        g = x.new_zeros(len(x), self.hyper) if cond is None else cond
        for x_t in x.unbind(dim=1):
            joined = torch.cat([h, x_t], dim=-1)
            g = self.cell(joined, g)
            h = torch.tanh(self.use(joined, self.generate(g)))
        y = self.readout(h)
        assert isinstance(y, Tensor)
        return y

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """Series [B, 5, I] and what to remember of them [B, O]: the first entries' sums over time."""
        x = torch.randn(batch, 5, self.inputs, generator=generator)
        sums = torch.tanh(x.sum(dim=1))
        return (x,), sums[:, torch.arange(self.readout.out_features) % self.inputs]


INFO = ModelInfo(
    name="hyper_rnn",
    build=HyperRNN,
    summary="a small RNN generates the whole weight matrix of a larger one at each time step",
    paper="Ha, Dai & Le 2017, arXiv 1609.09106, section 3.2",
    input="data-conditioned",
    output="generate multiple",
    input_variability="dynamic",
    output_variability="dynamic",
    architecture="RNN",
    priority=1,
)

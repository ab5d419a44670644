"""Predators and prey: a hypernetwork reads the start of a series and generates the equation of the rest.

Every series has its own growth, hunting and death rates. An encoder reads the observed part; the hypernetwork
turns its summary into the weights of a small vector field; a Runge-Kutta solver uses the same weights in
every stage of every step. All series of a batch are solved at once, with batched matrix products, and for
comparison one by one.
"""

import argparse
import time

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn

OBSERVED, PREDICTED, STEP = 20, 20, 0.15


def lotka_volterra(count: int, seed: int) -> Tensor:
    """Logarithms of the numbers of prey and predators, [N, T, 2], each series with its own four rates."""
    generator = torch.Generator().manual_seed(seed)
    rates = 0.7 + 0.6 * torch.rand(count, 4, generator=generator)
    growth, hunting, feeding, death = rates.unbind(1)

    def field(z: Tensor) -> Tensor:
        prey, predators = z.exp().unbind(1)
        return torch.stack([growth - hunting * predators, feeding * prey - death], dim=1)

    z = 0.6 * torch.randn(count, 2, generator=generator)
    return torch.stack(solve(field, z, OBSERVED + PREDICTED, substeps=4), dim=1)


def solve(field, z: Tensor, steps: int, substeps: int = 1) -> list[Tensor]:
    """The classical Runge-Kutta method: the states at the ends of `steps` steps of length STEP."""
    states, h = [], STEP / substeps
    for _ in range(steps):
        for _ in range(substeps):
            k1 = field(z)
            k2 = field(z + h / 2 * k1)
            k3 = field(z + h / 2 * k2)
            k4 = field(z + h * k3)
            z = z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        states.append(z)
    return states


class HyperODE(nn.Module):
    """Observed series [B, T, 2] -> summary [B, H] -> weights of B vector fields -> the rest [B, T, 2]."""

    def __init__(self, width: int = 16, hidden: int = 64) -> None:
        super().__init__()
        self.shapes = ((width, 2), (width,), (2, width), (2,))
        self.sizes = [torch.Size(shape).numel() for shape in self.shapes]
        self.encoder = nn.GRU(2, hidden, batch_first=True)
        self.head = nn.Sequential(nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, sum(self.sizes)))

    def generate(self, observed: Tensor) -> list[Tensor]:
        """W1 [B, width, 2], b1 [B, width], W2 [B, 2, width], b2 [B, 2]: once, not in every stage."""
        flat = self.head(self.encoder(observed)[0][:, -1])
        return [part.unflatten(1, shape) for part, shape in zip(flat.split(self.sizes, dim=1), self.shapes)]

    def forward(self, observed: Tensor) -> Tensor:
        w1, b1, w2, b2 = self.generate(observed)

        def field(z: Tensor) -> Tensor:
            h = torch.tanh(torch.baddbmm(b1.unsqueeze(1), z.unsqueeze(1), w1.mT))
            return torch.baddbmm(b2.unsqueeze(1), h, w2.mT).squeeze(1)

        return torch.stack(solve(field, observed[:, -1], PREDICTED), dim=1)

    def one_by_one(self, observed: Tensor) -> Tensor:
        """The same as `forward`, in a loop over the series."""
        series = []
        for z, w1, b1, w2, b2 in zip(observed[:, -1], *(part.unbind() for part in self.generate(observed))):
            states = solve(lambda z: F.linear(torch.tanh(F.linear(z, w1, b1)), w2, b2), z, PREDICTED)  # noqa: B023
            series.append(torch.stack(states))
        return torch.stack(series)


def seconds(predict, observed: Tensor, rest: Tensor) -> float:
    """Time of a forward and a backward pass."""
    start = time.perf_counter()
    F.mse_loss(predict(observed), rest).backward()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds instead of a good result")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)  # networks this small are faster on one thread
    train, test = lotka_volterra(2048, seed=1), lotka_volterra(256, seed=2)
    model = HyperODE()
    steps = 40 if options.quick else 800
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    console = Console(stderr=True)
    for _ in track(range(steps), "training", console=console, disable=not console.is_terminal):
        batch = train[torch.randint(len(train), (64,))]
        loss = F.mse_loss(model(batch[:, :OBSERVED]), batch[:, OBSERVED:])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()

    observed, rest = test[:, :OBSERVED], test[:, OBSERVED:]
    with torch.no_grad():
        error = F.mse_loss(model(observed), rest).sqrt()
    print(f"root mean square error: {error:.3f}")
    print(f"of a constant forecast: {(rest - observed[:, -1:]).square().mean().sqrt():.3f}")
    some = observed[:32], rest[:32]
    difference = (model(some[0]) - model.one_by_one(some[0])).abs().max()
    ratio = seconds(model.one_by_one, *some) / seconds(model, *some)
    print(f"32 series at once are {ratio:.1f} times as fast as one by one; they differ by {difference:.0e}")


if __name__ == "__main__":
    main()

"""The charts of the HTML page, on numbers of real runs."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

import hypercheck
from hypercheck import report as formats
from hypercheck.report import charts


class TwoLayers(nn.Module):
    """Two generated weights that have one name and one shape, and a bias."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(3))
        self.head = nn.Linear(3, 2 * 16 + 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = self.head(self.embedding)
        weight = flat[:16].view(4, 4)
        x = functional.linear(x, weight)
        weight = flat[16:32].view(4, 4)
        return functional.linear(x, weight) + flat[32:]


def run(steps: int = 3) -> tuple[hypercheck.Report, torch.Tensor]:
    """The report on a few steps, and the numbers that the generator made in the first."""
    torch.manual_seed(0)
    model = TwoLayers()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    first = model.head(model.embedding).detach()
    with hypercheck.watch(model, optimizer) as report:
        for _ in range(steps):
            loss = model(torch.randn(5, 4)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return report, first


def test_the_scale_of_a_generated_weight_is_its_rms_times_the_root_of_its_fan_in() -> None:
    report, flat = run()
    expected = [float(part.square().mean().sqrt()) * 4**0.5 for part in (flat[:16], flat[16:32])]

    torch.testing.assert_close(expected, list(report.data.history[0].weight_scales.values()))


def test_each_generated_weight_has_a_line_of_its_own() -> None:
    report, _ = run()
    (chart,) = (chart for chart in charts.charts(report.data) if chart.title.startswith("Scale of generated"))

    assert ["weight 4x4", "weight 4x4 [16:32]"] == [name for name, _ in chart.legend]
    assert 2 == chart.svg.count("<polyline")


def test_the_page_shows_the_chart_and_says_what_is_usual() -> None:
    report, _ = run()
    page = formats.render(report.data, "html")

    assert "Scale of generated weights" in page
    assert "about 1 in ordinary initialisations" in page

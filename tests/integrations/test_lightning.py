"""The Lightning callback, in a real Trainer. Skipped where Lightning is not installed."""

from __future__ import annotations

import warnings

import pytest

torch = pytest.importorskip("torch")
L = pytest.importorskip("lightning", reason="needs the extra: pip install 'hypercheck[lightning]'")

from torch.nn import functional as F  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from hypercheck import GradientFlowError  # noqa: E402
from hypercheck.lightning_callback import HypercheckCallback  # noqa: E402


class Net(L.LightningModule):
    def __init__(self, fault: str = "") -> None:
        super().__init__()
        self.fault = fault
        self.embedding = torch.nn.Parameter(torch.randn(5))
        self.hyper = torch.nn.Linear(5, 24)
        self.bias = torch.nn.Parameter(torch.zeros(6))

    def training_step(self, batch, index):
        x, y = batch
        if self.fault == "raises" and index == 2:
            raise RuntimeError("ill")
        weight = self.hyper(self.embedding).view(6, 4)
        if self.fault == "cut":
            weight = weight.detach()
        return F.mse_loss(F.linear(x, weight, self.bias), y)

    def validation_step(self, batch, index):
        self.log("loss", self.training_step(batch, 0))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.01)


def fit(fault: str, **options: object) -> HypercheckCallback:
    torch.manual_seed(0)
    data = DataLoader(TensorDataset(torch.randn(32, 4), torch.randn(32, 6)), batch_size=8)
    callback = HypercheckCallback(print=False, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = L.Trainer(
            max_epochs=2, accelerator="cpu", callbacks=[callback], logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False,
        )  # fmt: skip
        try:
            trainer.fit(Net(fault), data, data)
        except RuntimeError as error:
            assert "ill" == str(error)
    return callback


def test_a_healthy_training_is_clean_and_its_names_are_the_modules():
    report = fit("").report

    assert ("ok", ()) == (report.verdict, report.findings)
    assert 8 == report.data.steps_seen
    assert ("model.hyper",) == report.data.roles.hypernet


def test_a_cut_is_found_at_its_line():
    report = fit("cut").report

    assert [("HC104", "weight = weight.detach()")] == [
        (finding.code, finding.location.source.strip()) for finding in report.findings
    ]


def test_fail_raises_at_the_end():
    with pytest.raises(GradientFlowError, match="HC104"):
        fit("cut", fail=True)


def test_an_exception_of_the_training_leaves_a_report_of_what_was_seen(tmp_path):
    report = fit("raises", save=tmp_path / "report.json", fail=True).report

    assert report.data.steps_recorded >= 2  # the third was not finished
    assert (tmp_path / "report.json").exists()

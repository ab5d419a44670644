"""The callback for the Trainer of transformers, and a loop under Accelerate, both for real."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

import hypercheck  # noqa: E402
from hypercheck import GradientFlowError  # noqa: E402

REASON = "needs the extra: pip install 'hypercheck[transformers]'"


class Net(torch.nn.Module):
    def __init__(self, cut: bool) -> None:
        super().__init__()
        self.cut = cut
        self.embedding = torch.nn.Parameter(torch.randn(5))
        self.hyper = torch.nn.Linear(5, 24)
        self.bias = torch.nn.Parameter(torch.zeros(6))

    def forward(self, x, labels=None):
        weight = self.hyper(self.embedding).view(6, 4)
        if self.cut:
            weight = weight.detach()
        out = F.linear(x, weight, self.bias)
        return {"loss": F.mse_loss(out, labels), "logits": out}


def train(cut: bool, folder: object, **options: object):
    transformers = pytest.importorskip("transformers", reason=REASON)
    pytest.importorskip("accelerate", reason=REASON)
    from hypercheck.transformers_callback import HypercheckCallback

    torch.manual_seed(0)
    rows = [{"x": torch.randn(4), "labels": torch.randn(6)} for _ in range(32)]
    callback = HypercheckCallback(print=False, **options)
    arguments = transformers.TrainingArguments(
        str(folder), num_train_epochs=2, per_device_train_batch_size=8, report_to=[], use_cpu=True,
        save_strategy="no", disable_tqdm=True,
    )  # fmt: skip
    transformers.Trainer(Net(cut), arguments, train_dataset=rows, callbacks=[callback]).train()
    return callback.report


def test_a_healthy_training_under_the_trainer_is_clean(tmp_path):
    report = train(False, tmp_path)

    assert ("ok", ()) == (report.verdict, report.findings)
    assert 8 == report.data.steps_seen


def test_a_cut_under_the_trainer_is_found_at_its_line(tmp_path):
    report = train(True, tmp_path)

    assert [("HC104", "weight = weight.detach()")] == [
        (finding.code, finding.location.source.strip()) for finding in report.findings
    ]


def test_fail_raises_at_the_end_of_the_training(tmp_path):
    with pytest.raises(GradientFlowError, match="HC104"):
        train(True, tmp_path, fail=True)


@pytest.mark.parametrize("cut", [True, False])
def test_a_loop_under_accelerate_is_watched_as_any_other(cut):
    accelerate = pytest.importorskip("accelerate", reason=REASON)
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=2)
    torch.manual_seed(0)
    model = Net(cut)
    data = DataLoader(TensorDataset(torch.randn(32, 4), torch.randn(32, 6)), batch_size=4)
    model, optimizer, data = accelerator.prepare(model, torch.optim.Adam(model.parameters(), lr=0.01), data)
    with hypercheck.watch(model) as report:
        for x, y in data:
            with accelerator.accumulate(model):
                loss = model(x, y)["loss"]
                accelerator.backward(loss)
                optimizer.step()
                optimizer.zero_grad()

    assert (["HC104"] if cut else []) == [finding.code for finding in report.findings]
    assert 4 == report.data.steps_seen

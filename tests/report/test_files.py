"""Writing reports to files, and what changed between two of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from report_samples import broken, healthy

from hypercheck import report
from hypercheck.errors import HypercheckError, UsageError
from hypercheck.report import json_report


@pytest.mark.parametrize("suffix", report.SUFFIXES)
def test_each_suffix_is_written_in_its_format(tmp_path: Path, suffix: str) -> None:
    path = report.save(broken(), tmp_path / f"out{suffix}")

    assert "HC102" in path.read_text(encoding="utf-8")
    assert [path] == list(tmp_path.iterdir())


def test_an_unknown_suffix_names_those_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.json, \.sarif"):
        report.save(broken(), tmp_path / "out.docx")


def test_an_unknown_format_names_those_known() -> None:
    with pytest.raises(UsageError, match="rich, text, json"):
        report.render(broken(), "yaml")


def test_a_format_overrules_the_suffix(tmp_path: Path) -> None:
    path = report.save(healthy(), tmp_path / "out.log", format="json")

    assert healthy() == json_report.load(path.read_text(encoding="utf-8"))


def test_a_missing_folder_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(HypercheckError, match=r"cannot write .*no such file or directory"):
        report.save(broken(), tmp_path / "missing" / "out.json")


def test_a_folder_in_the_way_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "out.json").mkdir()

    with pytest.raises(HypercheckError, match="is a directory"):
        report.save(broken(), tmp_path / "out.json")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(HypercheckError, match="no space left"):
        report.save(broken(), path)

    assert [("out.txt", "old")] == [(item.name, item.read_text()) for item in tmp_path.iterdir()]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")

    report.save(healthy(), tmp_path / "link.txt")

    assert (tmp_path / "link.txt").is_symlink()
    assert "healthy" in (tmp_path / "real.txt").read_text(encoding="utf-8")


def test_a_device_is_written_to_and_not_replaced() -> None:
    report.save(healthy(), os.devnull, format="text")

    assert not Path(os.devnull).is_file()


def test_the_report_room_imports_its_formats_when_they_are_asked_for() -> None:
    heavy = "rich", "jinja2", "graphviz", "hypercheck.report.html_report", "torch"
    code = f"import sys, hypercheck.report; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()

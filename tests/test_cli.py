"""The command line: exit statuses, streams, files and settings, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "hypercheck" / "hypercheck.schema.json"

TRAINING = """\
import sys
import torch
from torch import nn

torch.manual_seed(0)
code = nn.Parameter(torch.randn(4))
hyper = nn.Linear(4, 6)
main = nn.Linear(3, 2)
optimizer = torch.optim.SGD([code, *hyper.parameters(), main.bias], lr=0.1)
for number in range(4):
    weight = hyper(code).view(2, 3)
    {hand_over}
    loss = y.square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("done", *sys.argv[1:])
{end}
"""
CUT = "main.weight.data = weight; y = main(torch.ones(5, 3))"
LINKED = 'y = torch.func.functional_call(main, {"weight": weight}, torch.ones(5, 3))'
IGNORED = CUT + "  # hypercheck: ignore[HC102]"


def hypercheck(
    folder: Path, *arguments: object, check: int | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "hypercheck", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if check is not None:
        assert check == done.returncode, done.stderr
    return done


def write(folder: Path, hand_over: str = CUT, end: str = "", name: str = "train.py") -> str:
    (folder / name).write_text(TRAINING.format(hand_over=hand_over, end=end))
    return name


def codes(path: Path) -> list[str]:
    return [finding["code"] for finding in json.loads(path.read_text())["findings"]]


# -- run: exit statuses -----------------------------------------------------------------------------


def test_a_linked_script_ends_with_0(tmp_path):
    done = hypercheck(tmp_path, "run", write(tmp_path, LINKED), check=0)

    assert "done\n" == done.stdout


def test_a_cut_script_ends_with_1_and_names_the_line_on_stderr(tmp_path):
    done = hypercheck(tmp_path, "run", write(tmp_path), "--flag", "value", check=1)

    assert "done --flag value\n" == done.stdout
    assert "HC102 data-assign" in done.stderr
    assert "train.py:12" in done.stderr


@pytest.mark.parametrize("hand_over", [CUT, LINKED])
def test_the_scripts_own_status_wins(tmp_path, hand_over):
    done = hypercheck(tmp_path, "run", write(tmp_path, hand_over, "sys.exit(3)"), check=3)

    assert ("HC102" in done.stderr) == (hand_over == CUT)


def test_an_uncaught_exception_is_shown_as_python_shows_it_and_then_the_report(tmp_path):
    done = hypercheck(tmp_path, "run", write(tmp_path, end="1 / 0"), check=1)

    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.index("ZeroDivisionError") < done.stderr.index("HC102")
    assert str(ROOT / "hypercheck") not in done.stderr


def test_ctrl_c_ends_with_130_and_the_report(tmp_path):
    done = hypercheck(tmp_path, "run", write(tmp_path, end="raise KeyboardInterrupt"), check=130)

    assert "HC102" in done.stderr


def test_a_script_that_takes_no_step_ends_with_2(tmp_path):
    (tmp_path / "idle.py").write_text("import torch\nprint(torch.ones(1).item())\n")
    done = hypercheck(tmp_path, "run", "idle.py", check=2)

    assert "1.0\n" == done.stdout
    assert "no training step" in done.stderr


def test_a_script_without_torch_ends_with_2(tmp_path):
    (tmp_path / "plain.py").write_text("print('hello')\n")
    done = hypercheck(tmp_path, "run", "plain.py", check=2)

    assert "hello\n" == done.stdout


def test_a_syntax_error_is_shown_as_python_shows_it(tmp_path):
    (tmp_path / "wrong.py").write_text("x = (1,\n")
    done = hypercheck(tmp_path, "run", "wrong.py", check=1)

    assert "SyntaxError" in done.stderr
    assert str(ROOT / "hypercheck") not in done.stderr


# -- usage errors: one sentence, status 2 -----------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "missing.py"), "there is no file missing.py"),
        (("run", "trian.py"), "did you mean train.py?"),
        (("run", "weights.pt"), "weights carry no graph"),
        (("check", "missing.py"), "missing.py"),
        (("check", "weights.pt"), "weights"),
        (("explain", "HC999"), "there is no rule HC999"),
        (("explain", "data-asign"), "did you mean data-assign?"),
        (("run", "--format", "docx", "train.py"), "there is no report format 'docx'"),
        (("run", "--output", "report.docx", "train.py"), "report.docx"),
        (("run", "--output", "no/such/report.json", "train.py"), "there is no folder"),
        (("run", "--select", "HC777", "train.py"), "no rule matches 'HC777'"),
        (("run", "--fail-on", "panic", "train.py"), "there is no severity 'panic'"),
        (("run", "-m", "no_such_module"), "there is no module no_such_module"),
        (("diff", "a.json", "b.json"), "a.json"),
        (("models", "show", "nothing"), "nothing"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_usage_error_is_one_sentence_and_2(tmp_path, arguments, sentence):
    write(tmp_path)
    torch.save({"weight": torch.zeros(1)}, tmp_path / "weights.pt")
    done = hypercheck(tmp_path, *arguments, check=2)

    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "" == done.stdout


def test_an_unknown_option_ends_with_2(tmp_path):
    assert "Traceback" not in hypercheck(tmp_path, "check", "--no-such-option", "x.py", check=2).stderr


def test_the_version_is_printed(tmp_path):
    from hypercheck import __version__

    assert f"hypercheck {__version__}\n" == hypercheck(tmp_path, "--version", check=0).stdout


# -- options of run ---------------------------------------------------------------------------------


def test_the_json_report_fits_its_schema(tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    hypercheck(tmp_path, "run", "--format", "json=out.json", write(tmp_path), check=1)

    jsonschema.validate(json.loads((tmp_path / "out.json").read_text()), json.loads(SCHEMA.read_text()))


def test_the_json_report_tells_target_status_and_line(tmp_path):
    hypercheck(tmp_path, "run", "--output", "json=out.json", write(tmp_path), "x", check=1)
    tree = json.loads((tmp_path / "out.json").read_text())

    assert {"kind": "script", "path": "train.py", "argv": ["x"]} == tree["target"]
    assert "findings" == tree["verdict"]
    assert 0 == tree["script_exit"]
    assert {"seen": 4, "recorded": 4} == tree["steps"]
    assert ("train.py", 12) == tuple(tree["findings"][0]["location"][key] for key in ("file", "line"))


def test_several_formats_are_written_at_once(tmp_path):
    names = ["r.json", "r.html", "r.sarif", "r.xml", "r.md", "r.txt"]
    options = [part for name in names for part in ("--output", name)]
    done = hypercheck(tmp_path, "run", *options, write(tmp_path), check=1)

    assert ["HC102"] * len(names) == [
        "HC102" if "HC102" in (tmp_path / name).read_text(encoding="utf-8") else name for name in names
    ]
    assert "done\n" == done.stdout


def test_a_file_leaves_the_verdict_on_stderr_and_says_where_the_report_is(tmp_path):
    done = hypercheck(tmp_path, "run", "--output", "r.json", "--output", "r.txt", write(tmp_path), check=1)

    assert "hypercheck: gradient flow is broken: 1 error; see r.json, r.txt\n" == done.stderr


@pytest.mark.parametrize("option", ["--format", "--output"])
def test_a_file_named_with_its_format_is_no_different(tmp_path, option):
    done = hypercheck(tmp_path, "run", option, "json=r.log", write(tmp_path, LINKED), check=0)

    assert "hypercheck: healthy: no findings; see r.log\n" == done.stderr
    assert [] == codes(tmp_path / "r.log")


def test_a_format_without_a_file_is_printed_beside_the_file(tmp_path):
    done = hypercheck(tmp_path, "run", "--format", "text", "--output", "r.json", write(tmp_path), check=1)

    assert "HC102 data-assign" in done.stderr
    assert "see r.json" not in done.stderr
    assert ["HC102"] == codes(tmp_path / "r.json")


def test_a_format_and_a_file_of_unknown_suffix_belong_together(tmp_path):
    done = hypercheck(tmp_path, "run", "--format", "json", "--output", "r.log", write(tmp_path), check=1)

    assert ["HC102"] == codes(tmp_path / "r.log")
    assert "HC102" not in done.stderr


def test_a_report_that_was_written_in_part_only_is_not_said_to_be_there(tmp_path):
    end = "import os; os.rmdir('gone')"
    (tmp_path / "gone").mkdir()
    done = hypercheck(tmp_path, "run", "--output", "gone/r.json", write(tmp_path, end=end), check=2)

    assert "cannot write 'gone/r.json'" in done.stderr
    assert "see gone" not in done.stderr


def test_select_asks_only_these_rules(tmp_path):
    hypercheck(tmp_path, "run", "--select", "HC3", "--output", "o.json", write(tmp_path), check=0)

    assert [] == [code for code in codes(tmp_path / "o.json") if not code.startswith("HC3")]


def test_ignore_leaves_a_rule_out(tmp_path):
    hypercheck(tmp_path, "run", "--ignore", "HC102", "--output", "o.json", write(tmp_path))

    assert "HC102" not in codes(tmp_path / "o.json")


def test_a_comment_silences_the_line(tmp_path):
    hypercheck(tmp_path, "run", "--output", "o.json", write(tmp_path, IGNORED))

    assert "HC102" not in codes(tmp_path / "o.json")


def test_stop_after_ends_the_script(tmp_path):
    done = hypercheck(tmp_path, "run", "--stop-after", 2, "--output", "o.json", write(tmp_path), check=1)

    assert "" == done.stdout
    assert 2 == json.loads((tmp_path / "o.json").read_text())["steps"]["seen"]


def test_steps_says_how_many_are_recorded(tmp_path):
    hypercheck(tmp_path, "run", "--steps", 2, "--output", "o.json", write(tmp_path, LINKED), check=0)

    assert 4 == json.loads((tmp_path / "o.json").read_text())["steps"]["seen"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("setup.cfg", "[hypercheck]\nignore = HC1, HC4, HC5\n"),
        ("pyproject.toml", '[tool.hypercheck]\nignore = ["HC1", "HC4", "HC5"]\n'),
    ],
)
def test_a_project_file_sets_what_is_ignored(tmp_path, file, text):
    if file == "pyproject.toml" and sys.version_info < (3, 11):
        pytest.skip("TOML is read from Python 3.11 on")
    (tmp_path / file).write_text(text)
    hypercheck(tmp_path, "run", "--output", "o.json", write(tmp_path))

    assert "HC102" not in codes(tmp_path / "o.json")


def test_an_unknown_setting_is_told(tmp_path):
    (tmp_path / "setup.cfg").write_text("[hypercheck]\nselct = HC1\n")
    done = hypercheck(tmp_path, "run", write(tmp_path), check=2)

    assert "no setting 'selct'" in done.stderr


def test_a_module_runs_with_m(tmp_path):
    write(tmp_path, name="training.py")
    done = hypercheck(tmp_path, "run", "-m", "training", "a", check=1)

    assert "done a\n" == done.stdout
    assert "HC102" in done.stderr


# -- the other commands -----------------------------------------------------------------------------


def sample(folder: str, name: str) -> Path:
    return ROOT / "hypercheck" / "rules" / folder / name


def test_check_reports_on_stdout(tmp_path):
    done = hypercheck(tmp_path, "check", sample("hc102_data_assign", "bad.py"), check=1)

    assert "HC102" in done.stdout
    assert "" == done.stderr


def test_check_is_silent_on_a_repaired_model(tmp_path):
    hypercheck(tmp_path, "check", sample("hc102_data_assign", "good.py"), check=0)


@pytest.mark.parametrize("suffix", ["svg", "dot", "html"])
def test_graph_draws_a_picture(tmp_path, suffix):
    hypercheck(tmp_path, "graph", sample("hc102_data_assign", "bad.py"), "-o", f"flow.{suffix}", check=0)

    assert (tmp_path / f"flow.{suffix}").stat().st_size > 0


def test_explain_shows_the_page(tmp_path):
    done = hypercheck(tmp_path, "explain", "data-assign", check=0)

    assert "# HC102 data-assign" in done.stdout


def test_rules_lists_every_rule(tmp_path):
    from hypercheck.rules import CATALOGUE

    done = hypercheck(tmp_path, "rules", check=0)

    assert [] == [rule.code for rule in CATALOGUE if rule.code not in done.stdout]


def test_diff_tells_what_a_repair_fixed(tmp_path):
    hypercheck(tmp_path, "run", "--output", "before.json", write(tmp_path), check=1)
    hypercheck(tmp_path, "run", "--output", "after.json", write(tmp_path, LINKED), check=0)
    done = hypercheck(tmp_path, "diff", "before.json", "after.json", check=0)

    assert "HC102" in done.stdout


def test_no_command_shows_the_help(tmp_path):
    assert "Usage" in "".join((hypercheck(tmp_path).stdout, hypercheck(tmp_path).stderr))


def test_the_generated_pages_are_fresh():
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "rule_docs.py"), "--check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr


def test_check_tries_the_input_shapes_that_the_layers_ask_for(tmp_path):
    (tmp_path / "model.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.code = nn.Parameter(torch.randn(4))\n"
        "        self.head, self.stem = nn.Linear(4, 24), nn.Linear(6, 8)\n"
        "    def forward(self, x):\n"
        "        weight = self.head(self.code).view(3, 8)\n"
        "        return nn.functional.linear(self.stem(x), weight.detach())\n"
    )
    done = hypercheck(tmp_path, "check", "model.py", "--format", "text")

    assert 1 == done.returncode
    assert "HC104 detach" in done.stdout + done.stderr

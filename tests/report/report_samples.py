"""Three hand-made reports: a healthy program, a broken one, and one whose names try to break the output."""

from __future__ import annotations

import itertools

from hypercheck.findings import (
    Finding,
    Flow,
    FlowEdge,
    FlowNode,
    Link,
    Location,
    OptimizerInfo,
    Outcome,
    ReportData,
    Roles,
    RuleInfo,
    Severity,
    StepNumbers,
    Target,
)

RULES = {
    "HC102": RuleInfo(
        "HC102",
        "data-assign",
        Severity.ERROR,
        "before backward",
        "A generated weight is written into .data.",
        "Writes to `.data` of a tensor that the main network reads.",
        "The values arrive and their history does not, so the hypernetwork never learns.",
        "Pass the generated weight to the functional form of the layer.",
        "Writes made by compiled extensions.",
        "m.weight.data = w\n",
        "y = F.linear(x, w)\n",
    ),
    "HC203": RuleInfo(
        "HC203",
        "unused-output",
        Severity.WARNING,
        "before backward",
        "Part of the hypernetwork's output is never used.",
        "Elements of a generator's output that no weight slot reads.",
        "They cost memory and time, and often show that a size was computed wrongly.",
        "Make the output as long as the weights need.",
        "Outputs that are used on steps that were not recorded.",
    ),
    "HC305": RuleInfo(
        "HC305",
        "stale-optimizer",
        Severity.ERROR,
        "before step",
        "An optimizer holds tensors that the model no longer uses.",
        "Tensors in an optimizer that no module owns.",
        "What is trained is not what is used.",
        "Build the optimizer after the model.",
        "Optimizers that never step.",
    ),
}

GENERATED_AT = Location("train.py", 31, 31, "Net.forward", "        w = self.hyper(self.embedding)")
CUT_AT = Location(
    "train.py", 48, 48, "Net.forward", "        self.main[0].weight.data = w.view(64, 784)", 8, 50
)

_LINKS = (
    Link(
        "w1", (64, 784), "net.main.0.weight", "net.hyper.2", ((0, 50176),), True, True, 50176, 50176,
        0.0213, True, GENERATED_AT, "output of net.hyper that reaches a linear",
    ),
    Link(
        "w2", (10, 64), "net.main.2.weight", "net.hyper.2", ((50176, 50816),), True, True, 640, 640,
        0.00417, True, GENERATED_AT, "output of net.hyper that reaches a linear",
    ),
)  # fmt: skip

_ROLES = Roles(
    hypernet=("net.hyper",),
    main=("net.main",),
    embeddings=("net.embedding",),
    optimizers=(OptimizerInfo("optimizer", "Adam", 5, 120),),
    generated=_LINKS,
    reasons={"net.hyper": "its output is used as weights"},
)

_HISTORY = tuple(
    StepNumbers(
        step,
        {"hypernet": 0.5 / step, "main": 0.9 / step, "embeddings": 0.01 * step},
        {"hypernet": 0.001, "main": 0.002 / step},
        {"w1": 1.1, "w2": 0.9},
        0.0,
    )
    for step in range(1, 6)
)


def _flow(cut: bool) -> Flow:
    kind, code, place = ("cut", "HC102", "train.py:48") if cut else ("linked", "", "")
    norm = None if cut else 0.021
    return Flow(
        "module",
        (
            FlowNode("e", "embedding", "net.embedding", ("8 x 16",), norm, cut),
            FlowNode("h0", "module", "net.hyper.0", ("Linear 16 -> 64",), norm, cut, group="net.hyper"),
            FlowNode("h2", "module", "net.hyper.2", ("Linear 64 -> 50816",), norm, cut, group="net.hyper"),
            FlowNode("w1", "generated", "w1", ("64x784", "[0:50176]"), norm),
            FlowNode("w2", "generated", "w2", ("10x64", "[50176:50816]"), 0.004),
            FlowNode("s1", "slot", "net.main.0.weight", ("linear",), 0.021, group="net.main"),
            FlowNode("s2", "slot", "net.main.2.weight", ("linear",), 0.004, group="net.main"),
            FlowNode("x", "input", "x", ("64x784",)),
            FlowNode("loss", "loss", "loss", ("cross_entropy",)),
            FlowNode("u", "unused", "450,944 outputs never used", ("89.9 %",)),
        ),
        (
            FlowEdge("e", "h0", "linked"),
            FlowEdge("h0", "h2", "linked"),
            FlowEdge("h2", "w1", "linked"),
            FlowEdge("h2", "w2", "linked"),
            FlowEdge("w1", "s1", kind, code, place),
            FlowEdge("w2", "s2", "linked"),
            FlowEdge("x", "s1", "data"),
            FlowEdge("s1", "s2", "linked"),
            FlowEdge("s2", "loss", "linked"),
            FlowEdge("h2", "u", "data"),
        ),
    )


def healthy() -> ReportData:
    """A chunked hypernetwork that learns: no findings, two rules that could not be checked."""
    return ReportData(
        target=Target("script", "train.py", ("--epochs", "3")),
        version="0.1.0",
        torch="2.13.0",
        verdict="ok",
        steps_seen=120,
        steps_recorded=5,
        script_exit=0,
        outcomes=(
            Outcome("HC102", "passed"),
            Outcome("HC203", "passed"),
            Outcome("HC602", "not checked", "the hypernetwork has no condition"),
            Outcome("HC603", "not checked", "the hypernetwork has no condition"),
            Outcome("HC901", "not checked", "nothing was compiled"),
        ),
        roles=_ROLES,
        flows=(_flow(cut=False),),
        history=_HISTORY,
        rules=RULES,
    )


CUT = Finding(
    code="HC102",
    rule="data-assign",
    severity=Severity.ERROR,
    stage="before backward",
    steps=(1, 2, 3, 4, 5),
    subject="net.main.0.weight",
    message="net.main.0.weight received the generated numbers, but not their history",
    why="writing to .data happens outside autograd, so the loss cannot reach the hypernetwork",
    fix='y = torch.func.functional_call(self.main, {"0.weight": w.view(64, 784)}, x)',
    victims=tuple(f"net.hyper.{i}.{kind}" for i in range(4) for kind in ("weight", "bias")),
    location=CUT_AT,
    related=(GENERATED_AT.labelled("w is generated here"),),
    seen=(
        "net.main.0.weight: leaf, no grad_fn; w: ViewBackward0",
        "gradient reached 0 of 8 hypernetwork parameters",
    ),
    evidence={"reached": 0, "parameters": 8, "ratio": float("nan"), "ranges": [[0, 50176]]},
    folded=("HC401", "HC506"),
)
WASTE = Finding(
    code="HC203",
    rule="unused-output",
    severity=Severity.WARNING,
    stage="before backward",
    steps=(1, 2, 3, 4, 5),
    subject="net.hyper.2",
    message="450,944 of 501,760 outputs of net.hyper.2 (89.9 %) are never used",
    why="the size is the product of the layers' sizes; their sum would do",
    fix="out_features = 784 * 64 + 64 * 10",
    location=Location(
        "train.py", 17, 17, "Net.__init__", "        self.out = nn.Linear(64, 784 * 64 * 10)", 19, 48
    ),
    seen=("[0:50816] is used, [50816:501760] is not",),
    evidence={"unused": 450944, "total": 501760},
)
LEFTOVER = Finding(
    code="HC305",
    rule="stale-optimizer",
    severity=Severity.NOTE,
    stage="before step",
    steps=(1,),
    subject="optimizer",
    message="optimizer holds 2 tensors that no module owns any more",
    why="they were replaced by generated weights after the optimizer was built",
    fix="optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)\nscheduler = StepLR(optimizer, 10)",
    evidence={"tensors": 2},
)


def broken() -> ReportData:
    """The same program with a write to .data, a wasteful head, and a leftover in the optimizer."""
    cut_link = Link(
        "w1", (64, 784), "net.main.0.weight", "net.hyper.2", ((0, 50176),), False, True, 50176, 50176,
        None, False, CUT_AT, "written to net.main.0.weight.data",
    )  # fmt: skip
    history = tuple(
        StepNumbers(step, {"hypernet": 0.0, "main": 0.9 / step}, {"hypernet": 0.0}, {"w1": 1.1}, 0.899)
        for step in range(1, 6)
    )
    return ReportData(
        target=Target("script", "train.py", ("--epochs", "3")),
        version="0.1.0",
        torch="2.13.0",
        verdict="findings",
        steps_seen=120,
        steps_recorded=5,
        script_exit=0,
        findings=(LEFTOVER, WASTE, CUT),
        outcomes=(
            Outcome("HC102", "failed"),
            Outcome("HC203", "failed"),
            Outcome("HC305", "failed"),
            Outcome("HC301", "passed"),
            Outcome("HC602", "not checked", "the hypernetwork has no condition"),
        ),
        roles=Roles(
            hypernet=("net.hyper",),
            main=("net.main",),
            embeddings=("net.embedding",),
            optimizers=_ROLES.optimizers,
            generated=(cut_link, _LINKS[1]),
        ),
        flows=(_flow(cut=True),),
        history=history,
        rules=RULES,
    )


EVIL = (
    "<img src=x onerror=alert(1)>",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \u202egnp.exe\x00\x9b1m",
    "</script><script>alert(2)</script> ]]> --> <!--",
    "a|b `c` ``d`` \"quoted\" 'single' \\N \\",
    "first\nsecond\r\n::error::injected, 100%: @someone {{ 7 * 7 }} {% raw %}",
    "Grüße-模型-🧪 \ud800 {0}",
)


def hostile() -> ReportData:
    """A report whose every string is written to break an output."""
    place = Location(EVIL[4], 3, 3, EVIL[0], f"    x = '{EVIL[2]}'  # {EVIL[1]}", 4, 900, EVIL[3])
    finding = Finding(
        code="HC102",
        rule="data-assign",
        severity=Severity.ERROR,
        stage="before backward",
        steps=(1,),
        subject=EVIL[0],
        message=f"{EVIL[0]} {EVIL[1]}",
        why=EVIL[2],
        fix="\n".join(EVIL),
        victims=EVIL,
        location=place,
        related=(place,),
        seen=EVIL,
        evidence={EVIL[0]: EVIL[2], "inf": float("inf")},
    )
    nodes = tuple(
        FlowNode(f"{i}{name}", kind, name, EVIL, float("inf"), group=name)
        for i, (name, kind) in enumerate(
            zip(EVIL, ("embedding", "module", "generated", "slot", "loss", "unused"))
        )
    )
    edges = tuple(FlowEdge(a.key, b.key, "cut", EVIL[0], EVIL[3]) for a, b in itertools.pairwise(nodes))
    links = tuple(
        Link(name, (2, 3), name, name, ((0, 6),), False, None, 6, 6, float("nan"), None, place, name)
        for name in EVIL
    )
    return ReportData(
        target=Target("script", EVIL[4], EVIL),
        version="0.1.0",
        torch="2.13.0",
        verdict="incomplete",
        steps_seen=1,
        steps_recorded=1,
        script_exit=1,
        findings=(finding,),
        outcomes=(Outcome("HC102", "failed"), Outcome("HC199", "not checked", EVIL[2])),
        roles=Roles(EVIL, EVIL, EVIL, (OptimizerInfo(EVIL[0], EVIL[1], 1, 1),), links, {EVIL[0]: EVIL[2]}),
        flows=(Flow("module", nodes, edges),),
        history=(
            StepNumbers(1, {name: float("nan") for name in EVIL}, {EVIL[2]: float("inf")}),
            StepNumbers(2, dict.fromkeys(EVIL, 1.0), {EVIL[2]: 0.5}),
        ),
        rules=RULES,
        internal_errors=EVIL,
    )

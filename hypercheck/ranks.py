"""Several processes of one training: each leaves its facts in a folder, and the first one merges them.

Nothing here communicates through torch: a collective operation of ours could wait for one that the
program never makes. Each process writes plain JSON when it ends, and the leader (the first process of the
machine, or the lowest that is still there) waits a few seconds for the others.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import shutil
import signal
import stat
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from hypercheck.errors import HypercheckError
from hypercheck.facts import RankFact, RunFacts, WrapperFact
from hypercheck.findings import Finding, Location, Outcome, ReportData, Severity
from hypercheck.observe import frames, torch_compat
from hypercheck.observe.naming import Naming
from hypercheck.observe.observation import Observation
from hypercheck.observe.patches import Patches
from hypercheck.report import json_report

WAIT_S = 5.0
_SAMPLES = 32
_MOST_STEPS = 24
_TOLERANCE = 1e-5
"""Averaged gradients and the updates made with them are equal to rounding; other data gives far more."""

Print = tuple[float, tuple[float, ...]]
"""The norm of a tensor and some of its elements."""


@dataclass(frozen=True)
class RankPlace:
    """Which process of how many this is, and where its launch keeps the facts."""

    rank: int
    size: int
    local_rank: int
    local_size: int
    folder: Path

    @property
    def local_ranks(self) -> tuple[int, ...]:
        """The processes of this machine."""
        first = self.rank - self.local_rank
        return tuple(range(first, first + self.local_size))


def find_place(environ: Mapping[str, str] = os.environ) -> RankPlace | None:
    """This process's place among those that torchrun started, or None where it is alone."""
    try:
        rank, size = int(environ["RANK"]), int(environ["WORLD_SIZE"])
        local_rank = int(environ.get("LOCAL_RANK", rank))
        local_size = int(environ.get("LOCAL_WORLD_SIZE", size))
    except (KeyError, ValueError):
        return None
    if size < 2 or local_size < 2 or not 0 <= rank < size:
        return None
    folder = _shared_folder(environ)
    return RankPlace(rank, size, local_rank, local_size, folder) if folder is not None else None


def _shared_folder(environ: Mapping[str, str]) -> Path | None:
    """The folder of this launch, readable by its owner only; None where somebody else got there first."""
    names = ("TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT", "MASTER_ADDR", "MASTER_PORT", "GROUP_RANK")
    launch = "\0".join(environ.get(name, "") for name in names)
    owner = os.getuid() if hasattr(os, "getuid") else 0
    key = hashlib.sha256(f"{owner}\0{launch}".encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"hypercheck-ranks-{key}"
    try:
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
    except OSError:
        return None
    private = sys.platform == "win32" or (found.st_uid == owner and not found.st_mode & 0o077)
    return folder if stat.S_ISDIR(found.st_mode) and private else None


# -- what each process measures ---------------------------------------------------------------------


@dataclass
class _Tensor:
    gradients: dict[int, Print] = field(default_factory=dict)
    values: dict[int, Print] = field(default_factory=dict)
    wrapper: int = -1
    ignored: bool = False
    sharded: bool = False


@dataclass
class _Wrapper:
    ref: weakref.ref[Any]
    location: Location | None
    ours: set[int] = field(default_factory=set)


class RankRecorder:
    """Fingerprints of the gradients and values that the optimizers of one process meet on recorded steps."""

    def __init__(self, observation: Observation) -> None:
        self._session = observation.session
        self._tensors: dict[int, _Tensor] = {}
        self._wrappers: list[_Wrapper] = []
        self._handles: list[Any] = []
        self._patches = Patches()

    def start(self) -> None:
        """Hook into the optimizers, and learn of every wrapper that is made."""
        self._handles.append(register_optimizer_step_pre_hook(self._before))
        self._handles.append(register_optimizer_step_post_hook(self._after))
        kind = torch.nn.parallel.DistributedDataParallel
        self._patches.replace(kind, "__init__", self._watching_init(kind.__init__))

    def stop(self) -> None:
        """Leave no trace."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._patches.undo()

    def _watching_init(self, original: Callable[..., None]) -> Callable[..., None]:
        session, wrappers = self._session, self._wrappers

        def __init__(wrapper: Any, *args: Any, **kwargs: Any) -> None:
            original(wrapper, *args, **kwargs)
            frame = sys._getframe(1)

            def note() -> None:
                place = frames.location(session.tape.frames.site(frame)[0])
                wrappers.append(_Wrapper(weakref.ref(wrapper), place))

            session._guard(note)

        return __init__

    def _before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        self._session._guard(lambda: self._take(optimizer, before=True))

    def _after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        self._session._guard(lambda: self._take(optimizer, before=False))

    def _take(self, optimizer: Optimizer, *, before: bool) -> None:
        step = self._session.step
        if step is None or not step.recorded or step.number > 4096:
            return
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                fact = self._tensors.setdefault(self._session.tape.object_of(parameter), _Tensor())
                fact.sharded = fact.sharded or torch_compat.is_sharded(parameter)
                prints = fact.gradients if before else fact.values
                tensor = parameter.grad if before else parameter
                if tensor is None or fact.sharded or len(prints) >= _MOST_STEPS:
                    continue
                found = _print(tensor)
                if found is not None:
                    prints[step.number] = found
        if before:
            self._look_into_wrappers()

    def _look_into_wrappers(self) -> None:
        for index, known in enumerate(self._wrappers):
            wrapper = known.ref()
            if wrapper is None:
                continue
            ignored = getattr(wrapper, "parameters_to_ignore", ())
            for name, parameter in wrapper.module.named_parameters():
                number = self._session.tape.known_object(parameter)
                fact = self._tensors.get(number) if number is not None else None
                if fact is not None:
                    fact.wrapper = index
                    fact.ignored = name in ignored

    def facts(self) -> dict[str, Any]:
        """What the other processes need to compare, ready for JSON."""
        naming = Naming(self._session)
        tensors: dict[str, Any] = {}
        for number, fact in self._tensors.items():
            name = naming.object(number)
            if name in tensors:
                name = f"{name}#{len(tensors)}"
            tensors[name] = {
                "key": number,
                "wrapper": fact.wrapper,
                "ignored": fact.ignored,
                "sharded": fact.sharded,
                "gradients": {str(step): found for step, found in fact.gradients.items()},
                "values": {str(step): found for step, found in fact.values.items()},
            }
        return tensors

    def wrappers(self) -> tuple[WrapperFact, ...]:
        """The DDP wrappers, with their names in the program."""
        found = []
        for known in self._wrappers:
            wrapper = known.ref()
            number = self._session.module_number(wrapper) if wrapper is not None else -1
            found.append(
                WrapperFact(
                    self._session.variables.module_names.get(number, "the DDP wrapper"),
                    known.location,
                    bool(getattr(wrapper, "_comm_hooks", None)),
                )
            )
        return tuple(found)


def _print(tensor: Tensor) -> Print | None:
    """Norm and sampled elements, or None for what has no values of its own to read."""
    with torch.no_grad():
        tensor = torch_compat.local(tensor).detach()
        if tensor.layout != torch.strided or tensor.device.type == "meta" or tensor.numel() == 0:
            return None
        if torch_compat.is_freed(tensor):
            return None
        if tensor.is_complex():
            tensor = torch.view_as_real(tensor)
        flat = tensor.flatten()
        places = torch.linspace(0, flat.numel() - 1, min(flat.numel(), _SAMPLES), device=flat.device).long()
        norm = float(torch.linalg.vector_norm(flat.float()))
        return norm, tuple(flat[places].double().tolist())


# -- the folder -------------------------------------------------------------------------------------


class RankMeeting:
    """Where the processes of one launch leave their facts."""

    def __init__(self, place: RankPlace) -> None:
        self.place = place
        self._started = time.time()

    def enter(self) -> None:
        """Say that this process is here, and take away what an earlier launch left in its name."""
        with contextlib.suppress(OSError):
            self._facts(self.place.rank).unlink(missing_ok=True)
            self._pid(self.place.rank).write_text(str(os.getpid()), encoding="ascii")

    def leave(self, facts: Mapping[str, Any]) -> None:
        """Write this process's facts, whole or not at all. Does nothing where the leader has gone already."""
        target = self._facts(self.place.rank)
        beside = target.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            beside.write_text(json.dumps(facts), encoding="utf-8")
            os.replace(beside, target)

    def leads(self) -> bool:
        """Whether this process has to tell: no process below it is there any more or has left its facts."""
        below = [rank for rank in self.place.local_ranks if rank < self.place.rank]
        return self.place.folder.is_dir() and all(
            self._is_gone(rank) and not self._facts(rank).exists() for rank in below
        )

    def gather(self, wait_s: float = WAIT_S) -> dict[int, Mapping[str, Any]]:
        """The facts of the other processes of this machine, by rank: those that came in time."""
        end = time.monotonic() + wait_s
        others = [rank for rank in self.place.local_ranks if rank != self.place.rank]
        while time.monotonic() < end and any(
            not self._facts(rank).exists() and not self._is_gone(rank) for rank in others
        ):
            time.sleep(0.02)
        found = {}
        for rank in others:
            path = self._facts(rank)
            with contextlib.suppress(OSError, ValueError):
                if path.stat().st_mtime > self._started - 60:
                    found[rank] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.place.folder, ignore_errors=True)

    def _facts(self, rank: int) -> Path:
        return self.place.folder / f"rank-{rank}.json"

    def _pid(self, rank: int) -> Path:
        return self.place.folder / f"rank-{rank}.pid"

    def _is_gone(self, rank: int) -> bool:
        """Whether the process came and ended; one that has not come yet is not gone."""
        try:
            os.kill(int(self._pid(rank).read_text(encoding="ascii")), 0)
        except ProcessLookupError:
            return True
        except (OSError, ValueError):
            return False
        return False


class Crew:
    """This process as one of several: it measures, and in the end leaves its facts or tells those of all."""

    def __init__(self, place: RankPlace, observation: Observation) -> None:
        self._place = place
        self._recorder = RankRecorder(observation)
        self._meeting = RankMeeting(place)
        self.telling = False
        """Whether the report has begun: what ends the process now should wait for it."""

    def start(self) -> None:
        """Begin to measure; call it after the observation has started."""
        self._meeting.enter()
        self._recorder.start()

    def stop(self) -> None:
        """Leave no hook."""
        self._recorder.stop()

    def report(
        self,
        facts: RunFacts,
        judge: Callable[[RunFacts], ReportData],
        tell: Callable[[ReportData], int],
    ) -> int:
        """hypercheck's own exit status: that of `tell` for the leader, and 0 for all others."""
        self.telling = True
        rank, tensors = self._place.rank, self._recorder.facts()
        if not self._meeting.leads():
            self._meeting.leave(packed(judge(facts), tensors, rank))
            return 0
        others = self._meeting.gather()
        facts = compare(facts, rank, tensors, others, self._place, self._recorder.wrappers())
        reports = {}
        for number, left in others.items():
            with contextlib.suppress(HypercheckError):
                reports[number] = unpacked(left)
        self._meeting.close()
        return tell(merge(judge(facts), rank, reports))


@contextlib.contextmanager
def ending_with(
    report: Callable[[int], object], is_told: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """While inside, SIGTERM (how torchrun ends the others when one fails) is preceded by the report.

    One that comes while the report `is_told` already is passed over: the process ends by itself then.
    """
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def told(number: int, frame: Any) -> None:
        if is_told():
            return
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            report(128 + number)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os.kill(os.getpid(), number)

    try:
        signal.signal(signal.SIGTERM, told)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is told:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


# -- bringing it together ---------------------------------------------------------------------------


def compare(
    facts: RunFacts,
    rank: int,
    own: Mapping[str, Any],
    others: Mapping[int, Mapping[str, Any]],
    place: RankPlace,
    wrappers: tuple[WrapperFact, ...],
) -> RunFacts:
    """The facts of this process with those that only a comparison of all can give."""
    ranks = tuple(sorted({rank, *others}))
    found = []
    sharded = []
    for name, mine in own.items():
        if mine["sharded"]:
            sharded.append(name)
            continue
        theirs = [facts_of["tensors"].get(name) for facts_of in others.values()]
        if not theirs or any(item is None for item in theirs):
            continue
        fact = _compared(mine, theirs, ranks, wrappers)
        if fact is not None:
            found.append(fact)
    return replace(
        facts,
        ranks=ranks,
        missing_ranks=tuple(item for item in place.local_ranks if item not in ranks),
        rank_facts=tuple(found),
        wrappers=wrappers,
        sharded=tuple(sharded),
    )


def _compared(
    mine: Mapping[str, Any],
    theirs: Sequence[Any],
    ranks: tuple[int, ...],
    wrappers: tuple[WrapperFact, ...],
) -> RankFact | None:
    everyone = [mine, *theirs]
    steps = sorted(set.intersection(*(set(item["values"]) for item in everyone)), key=int)
    if not steps:
        return None
    apart = [_apart([item["values"][step] for item in everyone]) for step in steps]
    states = set()
    for step in steps:
        prints = [item["gradients"].get(step) for item in everyone]
        if any(item is None or item[0] == 0 for item in prints):
            states.add("none" if all(item is None or item[0] == 0 for item in prints) else "different")
        else:
            states.add("different" if _apart(prints) > _TOLERANCE else "equal")
    told = states - {"none"} or states
    return RankFact(
        key=mine["key"],
        ranks=ranks,
        steps=tuple(int(step) for step in steps),
        gradients=told.pop() if len(told) == 1 else "mixed",
        values="different" if apart[-1] > _TOLERANCE else "equal",
        apart=apart[-1],
        wrapper=wrappers[mine["wrapper"]].name if 0 <= mine["wrapper"] < len(wrappers) else "",
        ignored=mine["ignored"],
    )


def _apart(prints: Sequence[Any]) -> float:
    """The largest difference between sampled elements, relative to the largest of them; 0 for NaN."""
    largest = max((abs(value) for _, values in prints for value in values), default=0.0)
    if len({len(values) for _, values in prints}) != 1:
        return math.inf
    rows = [values for _, values in prints]
    difference = max((max(column) - min(column) for column in zip(*rows)), default=0.0)
    if not math.isfinite(difference) or not largest:
        return 0.0
    return difference / largest


def merge(data: ReportData, rank: int, others: Mapping[int, ReportData]) -> ReportData:
    """One report of all processes: equal findings told once, each with the ranks that have it."""
    together: dict[tuple[Any, ...], tuple[Finding, list[int]]] = {}
    reports = dict(sorted({rank: data, **others}.items()))
    everyone = tuple(reports)
    for number, report in reports.items():
        for finding in report.findings:
            key = _identity(finding)
            together.setdefault(key, (finding, []))[1].append(number)
    findings = [_tagged(finding, tuple(ranks), everyone) for finding, ranks in together.values()]
    findings.sort(
        key=lambda item: (-item.severity.rank, item.code, item.location.line if item.location else 0)
    )
    base = next((item for item in reports.values() if item.steps_recorded), data)
    verdict = base.verdict
    if verdict == "ok" and any(item.severity is not Severity.NOTE for item in findings):
        verdict = "findings"
    if any(item.internal_errors for item in reports.values()):
        verdict = "incomplete"
    return replace(
        base,
        verdict=verdict,
        script_exit=data.script_exit or next((r.script_exit for r in reports.values() if r.script_exit), 0),
        findings=tuple(findings),
        outcomes=_outcomes(list(reports.values())),
        internal_errors=tuple(
            f"rank {number}: {fault}"
            for number, report in reports.items()
            for fault in report.internal_errors
        ),
    )


def _identity(finding: Finding) -> tuple[Any, ...]:
    place = finding.location
    return (finding.code, finding.subject, place.file if place else "", place.line if place else 0)


def _tagged(finding: Finding, ranks: tuple[int, ...], everyone: tuple[int, ...]) -> Finding:
    if "ranks" in finding.evidence:
        return finding
    seen = finding.seen
    if ranks != everyone and len(everyone) > 1:
        which = "rank " + str(ranks[0]) if len(ranks) == 1 else "ranks " + ", ".join(map(str, ranks))
        seen = (*seen, f"seen on {which} only, of {len(everyone)} processes")
    return replace(finding, seen=seen, evidence={**finding.evidence, "ranks": list(ranks)})


def _outcomes(reports: Iterable[ReportData]) -> tuple[Outcome, ...]:
    """The gravest outcome of each rule."""
    order = {"failed": 0, "not checked": 1, "passed": 2}
    found: dict[str, Outcome] = {}
    for report in reports:
        for outcome in report.outcomes:
            known = found.get(outcome.code)
            if known is None or order.get(outcome.state, 3) < order.get(known.state, 3):
                found[outcome.code] = outcome
    return tuple(found.values())


def packed(data: ReportData, tensors: Mapping[str, Any], rank: int) -> dict[str, Any]:
    """What a process leaves for the leader."""
    return {"rank": rank, "report": json_report.as_dict(data), "tensors": tensors}


def unpacked(facts: Mapping[str, Any]) -> ReportData:
    """The report that a process left."""
    return json_report.load(json.dumps(facts["report"]))

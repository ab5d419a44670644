"""What the program calls its tensors, modules and optimizers, looked up from its variables now and then."""

from __future__ import annotations

import inspect
from types import FrameType
from typing import TYPE_CHECKING, Any

from hypercheck.observe import names, torch_compat
from hypercheck.observe.frames import Site

if TYPE_CHECKING:
    from hypercheck.observe.session import Session

_MOST_LOOKS = 12


class Variables:
    """The names, owners and containers of what the program holds, known by object and module numbers."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.holders: dict[int, list[names.Holder]] = {}
        self.module_names: dict[int, str] = {}
        self.module_aliases: dict[int, str] = {}
        """Paths of modules in lists and dicts, where those are not their names."""
        self.module_training: dict[int, bool] = {}
        self.owners: dict[int, int] = {}
        """Objects to the modules that have them as parameters."""
        self.hidden: dict[int, Site | None] = {}
        """Objects in a plain container of a module, to the statement that put it there."""
        self.hidden_in: set[int] = set()
        self.registered: set[int] = set()
        """Objects that a module had as a parameter, at some look at the program."""
        self.present: set[int] = set()
        """Objects that the last look came across."""
        self._looks = 0
        self._optimizers_looked_for = 0
        self._nameless: set[int] = set()
        """Leaves that had no name when a backward came to them: looked for once more, and then no longer."""

    def look(self, frame: FrameType | None, reached: frozenset[int]) -> None:
        """Look at the program's variables, as long as there is something new to learn."""
        nameless = reached - self.holders.keys() - self._nameless
        same = self._optimizers_looked_for == len(self._session.optimizers)
        if self._looks >= _MOST_LOOKS and not nameless and same:
            return
        self._looks += 1
        self._optimizers_looked_for = len(self._session.optimizers)
        self._nameless |= nameless
        scopes = []
        while frame is not None:
            if self._session.tape.frames.is_user(frame):
                scopes.append(_locals(frame))
                if frame.f_code.co_name != "<module>":
                    scopes.append(dict(frame.f_globals))
            frame = frame.f_back
        taken = names.snapshot(reversed(scopes), self._session.roots)
        asleep = set()
        for module, path in taken.modules.values():
            number = self._session.module_number(module)
            self.module_names.setdefault(number, path)
            self.module_training[number] = module.training
            if id(module) in taken.in_lists:
                self.module_aliases[number] = taken.in_lists[id(module)]
        self.present.clear()
        for entries in taken.tensors.values():
            tensor = entries[0][0]
            known = self._session.tape.known_object(tensor)
            if known is None and tensor.requires_grad:
                known = self._session.tape.object_of(tensor)
            if known is None:
                continue
            number = known
            holders = [holder for _, holder in entries]
            self.holders[number] = holders
            self.present.add(number)
            hidden = [taken.hidden[holder.owner] for holder in holders if holder.owner in taken.hidden]
            inside = [holder for holder in holders if holder.kind == "container"]
            registered = any(
                holder.kind == "parameter" and holder.owner not in taken.hidden for holder in holders
            )
            if any(holder.kind == "parameter" for holder in holders):
                self.registered.add(number)
            if (hidden or inside) and not registered:
                identity = hidden[0] if hidden else inside[0].container
                self.hidden[number] = self._session.tape.containers.get(identity) or taken.stored_at(identity)
                self.hidden_in.add(number)
            for _, holder in entries:
                owner = taken.modules.get(holder.owner)
                if owner is not None:
                    self.owners[number] = self._session.module_number(owner[0])
                    if not owner[0].training:
                        asleep.add(number)
        for optimizer, path in taken.optimizers.values():
            record = self._session.optimizer_record(optimizer)
            record.name = record.name or path
            self._session.read_groups(optimizer, record)
            record.orphans = {
                number: held.numel() * held.element_size()
                for number in record.objects
                if number not in self.present
                and (held := self._session.tape.tensor(number)) is not None
                and not torch_compat.is_lazy(held)
            }
        if self._session.step is not None:
            self._session.step.asleep = frozenset(asleep)
        self._session.watch_bystanders(self.present)


def _locals(frame: FrameType) -> dict[str, Any]:
    """The local variables, without leaving a copy of them in the frame.

    Before Python 3.13, reading `f_locals` of a function leaves a dict in the frame that keeps its values.
    """
    found = frame.f_locals
    taken = dict(found)
    if type(found) is dict and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        found.clear()
    return taken

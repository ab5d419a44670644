"""Names for values and tensors in the user's words: a module path, a variable, or what made it."""

from __future__ import annotations

from hypercheck.findings import Location
from hypercheck.observe import frames, names
from hypercheck.observe.records import OptimizerRecord
from hypercheck.observe.session import Session
from hypercheck.observe.spelling import spelled


class Naming:
    """Looks names up in what the session learned of the program."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tape = session.tape
        self._variables = session.variables

    def object(self, number: int) -> str:
        """The name of a tensor object, or the expression that made it."""
        holders = self._variables.holders.get(number)
        if holders:
            return names.best(holders).path
        first = self._tape.first_values.get(number)
        if first is not None and self._tape.values[first].op >= 0:
            return self._expression(first)
        for record in self._session.optimizers:
            if number in record.objects:
                return f"{self.optimizer(record)}.param[{record.objects.index(number)}]"
        return (
            f"a tensor of shape {list(self._tape.values[first].shape)}" if first is not None else "a tensor"
        )

    def value(self, value: int) -> str:
        """The name of a value: its tensor's, unless that is gone; then the expression that made it."""
        fact = self._tape.values[value]
        holders = self._variables.holders.get(fact.object)
        if holders:
            return names.best(holders).path
        return self._expression(value)

    def module_of(self, number: int) -> str:
        """The path of the module that owns the tensor, or ''."""
        owner = self._variables.owners.get(number)
        return self._variables.module_names.get(owner, "") if owner is not None else ""

    def aliases(self, number: int) -> tuple[str, ...]:
        """The other names of a tensor: each holder's, and that of its module in a list or dict."""
        holders = self._variables.holders.get(number, ())
        found = [holder.path for holder in holders]
        listed = self._variables.module_aliases.get(self._variables.owners.get(number, -1))
        if listed is not None:
            found += [f"{listed}.{holder.attribute}" for holder in holders if holder.kind == "parameter"]
        return tuple(found)

    def optimizer(self, record: OptimizerRecord) -> str:
        """The optimizer's variable, else its class."""
        return record.name or record.kind

    def held_at(self, number: int) -> Location | None:
        """Where the tensor, or the list that it is in, was put into a module."""
        for item in self._tape.assignments:
            if item.object == number:
                return frames.location(item.site)
        return None

    def _expression(self, value: int) -> str:
        fact = self._tape.values[value]
        if fact.op < 0:
            return f"a tensor of shape {list(fact.shape)}"
        op = self._tape.ops[fact.op]
        module = self._variables.module_names.get(op.module, "")
        if op.name in ("linear", "conv1d", "conv2d", "conv3d") and module:
            return module
        text = spelled(op.site) if op.site is not None else ""
        if text:
            return text
        return f"{module or op.name} output" if module else op.name

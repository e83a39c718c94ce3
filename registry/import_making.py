"""Methods from operations, all with the same detail: the first with which they fit together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from integration_hub.lib import jsonsafe
from registry.import_budget import DETAILS, Budget
from registry.importer import JSONObject, LeftOut, Notes, Operation, Source

# A document may nest 64 levels, and a method stands two below its top.
_DEEPEST_METHOD = 58
_OVER = "The definition would become too large: choose fewer with `include`."
_LATE = "The time for one import was over: choose fewer with `include`."


@dataclass(frozen=True, slots=True)
class Made:
    """`method` is None where the operation is left out for `reason`; not judged yet."""

    operation: Operation
    notes: Notes
    method: JSONObject | None = None
    reason: str = ""


def make_methods(source: Source, chosen: Sequence[Operation], budget: Budget) -> list[Made]:
    """One Made for each operation, in their order."""
    for detail in DETAILS:
        budget.detail = detail
        made = _all(source, chosen, budget, last=detail is DETAILS[-1])
        if made is not None:
            break
    return made or []


def _all(
    source: Source, chosen: Sequence[Operation], budget: Budget, *, last: bool
) -> list[Made] | None:
    """None as soon as they do not fit; the `last` time those that do not are left out."""
    found: list[Made] = []
    room = budget.characters
    for operation in chosen:
        made, size = _one(source, operation, budget)
        if size > room:
            if not last:
                return None
            made, size = Made(operation, Notes(), reason=_OVER), 0
        room -= size
        found.append(made)
    return found


def _one(source: Source, operation: Operation, budget: Budget) -> tuple[Made, int]:
    """What is made of an operation, and how many characters it has."""
    notes = Notes()
    if budget.late:
        return Made(operation, notes, reason=_LATE), 0
    try:
        method = source.method(operation, notes)
    except LeftOut as error:
        return Made(operation, notes, reason=error.reason), 0
    if not budget.detail.results and method.pop("result_schema", None) is not None:
        notes.say("Its result schema is left away: the definition would become too large.")
    text = jsonsafe.dumps_text(method)
    try:
        jsonsafe.loads(text, max_depth=_DEEPEST_METHOD)
    except jsonsafe.JSONFault as error:
        return Made(operation, notes, reason=f"What it describes is {error.detail}."), 0
    return Made(operation, notes, method), len(text)

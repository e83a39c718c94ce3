"""A source's operations to one valid definition document, and the report of what became of each.

Every method is judged by itself with the registry's own checks before it joins, so
that a faulty operation is left out with its reason and the rest is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from integration_hub.lib.errors import Fault, ValidationFailed
from registry.document import check_document
from registry.import_budget import Budget
from registry.import_choice import Choice
from registry.import_making import Made, make_methods
from registry.import_names import snake, unique
from registry.importer import JSONObject, LeftOut, Notes, Source
from registry.meta_schema import MAX_METHODS

_TOGETHER = 100
_STUB = {"slug": "imported", "name": "Imported", "version": "1.0.0", "type": "http"}
_PING: JSONObject = {"ping": {"http": {"method": "GET", "path": "/"}}}


@dataclass(slots=True)
class Draft:
    """`document` passes `parse_definition`; `report` is what the caller is told."""

    document: JSONObject
    imported: list[dict[str, str]] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)
    notes: list[dict[str, str]] = field(default_factory=list)
    guesses: list[dict[str, str]] = field(default_factory=list)
    not_chosen: int = 0

    def report(self) -> JSONObject:
        return {
            "imported": len(self.imported),
            "left_out": self.left_out,
            "not_chosen": self.not_chosen,
            "operations": self.imported,
            "notes": self.notes,
            "guesses": self.guesses,
        }

    def tell(self, operation: str, notes: Notes) -> None:
        self.notes += [{"operation": operation, "note": note} for note in notes.notes]
        self.guesses += [{"operation": operation, "guess": guess} for guess in notes.guesses]


def make_draft(source: Source, *, slug: str, version: str, choice: Choice, budget: Budget) -> Draft:
    """Raises ValidationFailed when nothing can be imported."""
    draft = Draft({"slug": slug, "version": version, "type": "http"})
    notes = Notes()
    draft.document |= _judged_head(source.head(notes), notes)
    for name in choice.unmatched(source.operations):
        notes.say(f"`include` names {name[:200]!r}, which is not there.")
    draft.tell("", notes)
    chosen = [operation for operation in source.operations if choice.wants(operation)]
    draft.not_chosen = len(source.operations) - len(chosen)
    methods: JSONObject = {}
    for made, sound in _looked_at(make_methods(source, chosen, budget)):
        _add(made, methods, draft, budget, sound=sound)
    if not methods:
        raise _nothing(draft)
    draft.document["methods"] = methods
    return draft


def _looked_at(made: list[Made]) -> Iterator[tuple[Made, bool]]:
    """Each with whether it is sound already: judged by the hundred, most need no second look."""
    for start in range(0, len(made), _TOGETHER):
        part = made[start : start + _TOGETHER]
        methods = {f"m{at}": item.method for at, item in enumerate(part) if item.method}
        sound = not check_document(_STUB | {"methods": methods or _PING})
        yield from ((item, sound) for item in part)


def _add(made: Made, methods: JSONObject, draft: Draft, budget: Budget, *, sound: bool) -> None:
    """Take what was made, or leave it out with the reason."""
    operation = made.operation
    try:
        if made.method is None:
            raise LeftOut(made.reason)  # noqa: TRY301 - one way to be left out
        _check_room(methods, budget)
        method = made.method if sound else _sound(made.method, made.notes)
    except LeftOut as error:
        draft.left_out.append({"operation": operation.id, "reason": error.reason})
        return
    name = unique(snake(operation.id), methods)
    methods[name] = method
    draft.imported.append({"operation": operation.id, "method": name})
    draft.tell(operation.id, made.notes)


def _check_room(methods: JSONObject, budget: Budget) -> None:
    if budget.late:
        raise LeftOut("The time for one import was over: choose fewer with `include`.")
    if len(methods) >= MAX_METHODS:
        raise LeftOut(f"A definition has at most {MAX_METHODS} methods.")


def _sound(method: JSONObject, notes: Notes) -> JSONObject:
    """The method without the parts that no one misses when they are faulty. Raises LeftOut."""
    for part in ("examples", "result_schema", ""):
        faults = check_document(_STUB | {"methods": {"m": method}})
        if not faults:
            return method
        if part and any(fault.pointer.startswith(f"/methods/m/{part}") for fault in faults):
            if part == "result_schema":
                notes.say(f"Its result schema is left away: {faults[0].detail}")
            method = {key: value for key, value in method.items() if key != part}
    place = faults[0].pointer.removeprefix("/methods/m")
    raise LeftOut(f"It makes no valid method: {place or 'the whole'}: {faults[0].detail}"[:500])


def _judged_head(head: JSONObject, notes: Notes) -> JSONObject:
    """Without the `auth` entries and other members that the registry refuses."""
    entries = []
    for entry in head.pop("auth", ()):
        faults = _faults({"auth": [entry]})
        if faults:
            notes.say(f"The security scheme {entry['id']!r} is left out: {faults[0].detail}")
        else:
            entries.append(entry)
    head |= {"auth": entries} if entries else {}
    for member in [name for name in head if _faults({name: head[name]})]:
        if member not in ("name", "config_schema"):
            fault = _faults({member: head[member]})[0]
            notes.say(f"{member} is left away: {fault.detail}")
            del head[member]
    return head


def _faults(members: Mapping[str, Any]) -> tuple[Fault, ...]:
    return check_document(_STUB | {"methods": _PING} | dict(members))


def _nothing(draft: Draft) -> ValidationFailed:
    errors = [
        Fault("/document", f"{item['operation']}: {item['reason']}", "LEFT_OUT")
        for item in draft.left_out[:100]
    ]
    why = "see errors" if errors else "none was chosen"
    return ValidationFailed(f"No operation can be imported: {why}.", errors=errors)

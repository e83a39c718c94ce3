"""Which ends of a call are worth another try: data of the definition, compiled once.

What is wrong with the request itself stays wrong: the statuses of `NEVER` are not
transient whatever a definition lists, so a range may run over them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions

from integration_hub.lib.errors import Fault
from integration_hub.lib.patterns import BadPattern, LinearPattern, compile_pattern
from integration_hub.lib.resilience.options import TransientOptions

NEVER = frozenset({400, 401, 403, 404, 409, 410, 422})
CONNECTION, TIMEOUT = "connection", "timeout"

_FIRST, _LAST = 300, 599
_STATUSES = re.compile(r"([0-9]{3})(?:-([0-9]{3}))?\Z")


@dataclass(frozen=True, slots=True)
class TransientRule:
    """`TransientOptions`, compiled."""

    statuses: frozenset[int]
    exceptions: frozenset[str]
    body: Any = None
    pattern: LinearPattern | None = None

    def says_status(self, status: int) -> bool:
        return status in self.statuses

    def says_body(self, document: Any, text: Callable[[], str]) -> bool:
        """Whether the decoded answer, or its `text`, is of a system that asks for patience."""
        if self.body is not None and _holds(self.body, document):
            return True
        return self.pattern is not None and self.pattern.found_in(text())


@lru_cache(maxsize=4096)
def compile_rule(options: TransientOptions) -> TransientRule:
    """Raises what `faults` reports: definitions and overrides are judged when they are stored."""
    statuses = {status for entry in _each(options.statuses) for status in _range(entry)}
    return TransientRule(
        frozenset(statuses - NEVER),
        frozenset(str(kind) for kind in _each(options.exceptions)),
        jmespath.compile(options.body) if options.body else None,
        compile_pattern(options.body_pattern) if options.body_pattern else None,
    )


def faults(block: Mapping[str, Any], pointer: str) -> Iterator[Fault]:
    """What the schema of a `transient` block cannot see."""
    given = block.get("statuses", ())
    for index, entry in enumerate(_each(given)):
        place = f"{pointer}/statuses" + (f"/{index}" if isinstance(given, list | tuple) else "")
        yield from _status_faults(entry, place)
    if text := block.get("body"):
        yield from _expression_faults(text, f"{pointer}/body")
    if text := block.get("body_pattern"):
        try:
            compile_pattern(text)
        except BadPattern as bad:
            yield Fault(f"{pointer}/body_pattern", f"This is {bad}.", "EXPR_COMPILE")


def _expression_faults(text: str, place: str) -> Iterator[Fault]:
    try:
        parsed = jmespath.compile(text).parsed
    except JMESPathError as error:
        said = " ".join(str(error).split())[:300]
        yield Fault(place, f"Not a JMESPath: {said}", "EXPR_COMPILE")
        return
    for name in sorted(_functions(parsed) - Functions.FUNCTION_TABLE.keys()):
        yield Fault(place, f"JMESPath has no function {name!r}.", "EXPR_COMPILE")


def _functions(node: Mapping[str, Any]) -> set[str]:
    """The functions that a parsed expression calls; it would fail with each answer else."""
    found = {node["value"]} if node.get("type") == "function_expression" else set()
    for child in node.get("children", ()):
        found |= _functions(child) if isinstance(child, dict) else set()
    return found


def _status_faults(entry: Any, place: str) -> Iterator[Fault]:
    statuses = _range(entry)
    if not statuses:
        yield Fault(place, "The range is empty.", "RANGE")
    elif len(statuses) == 1 and statuses[0] in NEVER:
        detail = f"{statuses[0]} is never worth another try: the same request is refused again."
        yield Fault(place, detail, "NEVER_TRANSIENT")
    elif statuses[0] < _FIRST:
        detail = f"Begin at {_FIRST}: an answer of good status is transient by `body` alone."
        yield Fault(place, detail, "RANGE")


def _range(entry: Any) -> range:
    found = _STATUSES.match(str(entry))
    if found is None:
        raise ValueError(f"{entry!r} is neither a status nor a range")
    low = int(found[1])
    return range(low, min(int(found[2] or low), _LAST) + 1)


def _each(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _holds(expression: Any, document: Any) -> bool:
    """An expression that does not fit the answer (a sum of texts) says nothing of it."""
    try:
        return bool(expression.search(document))
    except JMESPathError:
        return False

"""A log line has an end: what is too long keeps its head and its tail, and says what was cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MAX_LINE = 32 * 1024
"""Characters; JSON lines are ASCII, so that these are bytes."""

MOST_FIELDS = 60
_SHARES = (12_000, 4_000, 1_000, 250)
_NAME = 200
_ALWAYS = ("event", "level", "logger", "timestamp", "request_id", "exception")

Render = Callable[[Mapping[str, Any]], str]


def bounded(event: Mapping[str, Any], render: Render) -> str:
    """The line of an event, cut field by field as far as it has to be.

    The event is masked already: a cut never lets half of a secret through.
    """
    line = render(event)
    for share in _SHARES:
        if len(line) <= MAX_LINE:
            return line
        line = render(_shortened(event, share))
    return line if len(line) <= MAX_LINE else cut(line, MAX_LINE // 2)


def cut(text: str, most: int) -> str:
    """At most `most` characters of a text beside the note of how many are missing."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} [... {len(text) - 2 * half} characters cut ...] {text[-half:]}"


def _shortened(event: Mapping[str, Any], share: int) -> dict[str, Any]:
    """Each field at most `share` long, those that come last left out."""
    some = list(event.items())
    kept = {cut(name, _NAME): _short(value, share) for name, value in some[:MOST_FIELDS]}
    if len(some) > MOST_FIELDS:
        kept["fields_cut"] = len(some) - MOST_FIELDS
        kept.update({name: _short(event[name], share) for name in _ALWAYS if name in event})
    return kept


def _short(value: Any, share: int) -> Any:
    if isinstance(value, str):
        return cut(value, share)
    if isinstance(value, dict | list):
        text = repr(value)
        return value if len(text) <= share else cut(text, share)
    return value

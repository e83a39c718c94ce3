"""What a sink wants to hear: its filters, checked when written, matched when events fan out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from integration_hub.events.labels import Labels, labels_of
from integration_hub.events.models import Event, EventSink
from integration_hub.lib import jsonsafe

_PATTERNS = {
    "type": "array",
    "maxItems": 200,
    "items": {"type": "string", "minLength": 1, "maxLength": 200},
}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "types": {**_PATTERNS, "description": "Types of event; * stands for any characters."},
        "subjects": {**_PATTERNS, "description": "Subjects (instance slugs); * as above."},
        "labels": {
            "type": "object",
            "maxProperties": 20,
            "additionalProperties": {"type": "string", "maxLength": 200},
            "description": "Labels that the instance must have; a value may have * as above.",
        },
    },
}


class Wanted:
    """Which of some events each sink wants; labels are looked up once, and only if one asks."""

    def __init__(self, listening: Sequence[EventSink], events: Sequence[Event]) -> None:
        self._filters = {sink.pk: jsonsafe.loads(sink.filters) for sink in listening}
        asked = any(found.get("labels") for found in self._filters.values())
        self._labels = labels_of({event.subject for event in events}) if asked else {}

    def by(self, sink: EventSink, event: Event) -> bool:
        """An absent or empty filter lets everything through."""
        filters = self._filters[sink.pk]
        return (
            _any(filters.get("types"), event.type)
            and _any(filters.get("subjects"), event.subject)
            and self._has_labels(filters.get("labels") or {}, event)
        )

    def _has_labels(self, wanted: Labels, event: Event) -> bool:
        there = self._labels.get(event.subject, {})
        return all(
            name in there and _any([pattern], there[name]) for name, pattern in wanted.items()
        )


def _any(patterns: list[str] | None, text: str) -> bool:
    return not patterns or any(_compile(pattern).fullmatch(text) for pattern in patterns)


@lru_cache(maxsize=1_024)
def _compile(text: str) -> re.Pattern[str]:
    return re.compile(pattern(text), re.DOTALL)


def pattern(text: str) -> str:
    """A regular expression for `text`, in which * stands for any characters."""
    # Runs of * are one, so that no pattern backtracks for long.
    return ".*?".join(re.escape(part) for part in re.split(r"\*+", text))

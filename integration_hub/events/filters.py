"""What a sink wants to hear: its filters, checked when written, matched when events fan out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from integration_hub.events.models import Event

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
            "maxProperties": 0,
            "description": "Empty: events carry no labels.",
        },
    },
}


def matches(filters: Mapping[str, Any], event: Event) -> bool:
    """An absent or empty list lets everything through."""
    return _any(filters.get("types"), event.type) and _any(filters.get("subjects"), event.subject)


def _any(patterns: list[str] | None, text: str) -> bool:
    return not patterns or any(_compile(pattern).fullmatch(text) for pattern in patterns)


@lru_cache(maxsize=1_024)
def _compile(pattern: str) -> re.Pattern[str]:
    # Runs of * are one, so that no pattern backtracks for long.
    parts = [re.escape(part) for part in re.split(r"\*+", pattern)]
    return re.compile(".*?".join(parts), re.DOTALL)

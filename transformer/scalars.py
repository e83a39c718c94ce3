"""How one JSON value is written where there are only characters."""

from __future__ import annotations

from typing import Any

from integration_hub.lib import jsonsafe


def text_of(value: Any) -> str | None:
    """`true`, `1.5`, the text itself; "" for null; None for what is no single value."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return jsonsafe.dumps_text(value)
    return None

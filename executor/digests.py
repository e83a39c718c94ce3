"""When two requests are the same request: equal parsed JSON (contract "Idempotency.")."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def of_body(body: Any) -> str:
    """Equal for equal JSON: member order and 1 against 1.0 do not matter, true against 1 does."""
    text = json.dumps(_plain(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return of_text(text)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value

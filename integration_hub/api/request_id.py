"""The id that ties an answer, its log lines and its rows together."""

from __future__ import annotations

import re

from integration_hub.audit import origin
from integration_hub.lib.ids import new_id

HEADER = "X-Request-ID"
_SANE = re.compile(r"[\x20-\x7e]{1,128}")


def current() -> str:
    """The id of the request in hand; "" outside one."""
    return origin.current().request_id


def accept(given: str | None) -> str:
    """The caller's id if it is 1–128 printable ASCII characters, else a new one."""
    text = (given or "").strip()
    return text if _SANE.fullmatch(text) else str(new_id())

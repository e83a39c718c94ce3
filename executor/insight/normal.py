"""Messages that differ in ids, numbers and quoted values alone become one."""

from __future__ import annotations

import re

LENGTH = 300
_STEPS = (
    (re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE), "<url>"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*"), "<time>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"'[^']{0,200}'|\"[^\"]{0,200}\""), "<value>"),
    (re.compile(r"\d+(?:[.,]\d+)*"), "<n>"),
)


def normalised(message: str) -> str:
    """The message without what is of one call only."""
    text = message[: LENGTH * 4]
    for pattern, placeholder in _STEPS:
        text = pattern.sub(placeholder, text)
    return " ".join(text.split())[:LENGTH]

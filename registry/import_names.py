"""Method and parameter names from whatever a description calls its things."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container

LONGEST = 100
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER = re.compile(r"[^A-Za-z0-9]+")


def snake(text: str, fallback: str = "operation") -> str:
    """`listUsers`, `list-users`, `GET /users/{id}` in snake_case; long ones end in a digest."""
    name = _OTHER.sub("_", _HUMP.sub("_", text[:2_000])).strip("_").lower()
    name = name or fallback
    if name[0].isdigit():
        name = f"_{name}"
    if len(name) > LONGEST:
        name = f"{name[: LONGEST - 9]}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return name


def unique(name: str, taken: Container[str]) -> str:
    """`name`, or `name_2`, `name_3` … when it is taken.

    Found by halves: a hostile description gives thousands of things one name.
    """
    if name not in taken:
        return name
    last, free = 1, 2
    while f"{name}_{free}" in taken:
        last, free = free, free * 2
    while free - last > 1:
        middle = (last + free) // 2
        if f"{name}_{middle}" in taken:
            last = middle
        else:
            free = middle
    return f"{name}_{free}"

"""How much text a document holds: looked at before what little has made is written whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def weight(document: Any, most: int) -> int:
    """Characters of its texts and names, and one for each value; counted no further than `most`.

    A text that stands in many places counts in each of them, as it would be written.
    """
    total, left = 0, [document]
    while left and total <= most:
        value = left.pop()
        total += 1
        if isinstance(value, str):
            total += len(value)
        elif isinstance(value, Mapping):
            total += sum(map(len, value))
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
    return total

"""Texts with places to fill: `{name}`; `{{` and `}}` are braces."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_PIECE = re.compile(r"\{\{|\}\}|\{([A-Za-z0-9_.-]+)\}|[{}]")


class BadTemplate(ValueError):
    """A brace that neither opens nor closes a name."""


@lru_cache(maxsize=1024)
def pieces_of(text: str) -> tuple[tuple[str, bool], ...]:
    """Text and whether it is a name, in turn. Raises BadTemplate."""
    found: list[tuple[str, bool]] = []
    end = 0
    for piece in _PIECE.finditer(text):
        found.append((text[end : piece.start()], False))
        if piece[1] is not None:
            found.append((piece[1], True))
        elif len(piece[0]) == 2:
            found.append((piece[0][0], False))
        else:
            raise BadTemplate("A single brace: write {name} for a value, {{ or }} for a brace.")
        end = piece.end()
    found.append((text[end:], False))
    return tuple((piece, is_name) for piece, is_name in found if piece)


def names_in(text: str) -> list[str]:
    """Raises BadTemplate."""
    return [piece for piece, is_name in pieces_of(text) if is_name]


def fill(text: str, value: Callable[[str], str | bytes]) -> bytes:
    """The text in UTF-8 with each name replaced by its value, byte for byte."""
    filled = (value(piece) if is_name else piece for piece, is_name in pieces_of(text))
    return b"".join(part.encode() if isinstance(part, str) else part for part in filled)

"""What a 401 asks for: `WWW-Authenticate` taken apart (RFC 9110 §11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PIECE = re.compile(rf"[\s,]*({_NAME})(?:\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s,\"]*))?")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class AuthChallenge:
    """One challenge; the names of scheme and parameters are lower-case."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)


def challenges_of(header: str) -> list[AuthChallenge]:
    """All challenges in the order of the header; what cannot be read ends the list."""
    found: list[AuthChallenge] = []
    for name, value in _pieces(header):
        if value is None:
            found.append(AuthChallenge(name.lower()))
        elif found:
            found[-1].parameters.setdefault(name.lower(), value)
    return found


def _pieces(header: str) -> Iterator[tuple[str, str | None]]:
    place = 0
    while piece := _PIECE.match(header, place):
        name, value = piece[1], piece[2]
        if value is not None and value.startswith('"'):
            value = _ESCAPED.sub(r"\1", value[1:-1])
        yield name, value
        place = piece.end()

"""One hook as it came: bytes and headers, and where things stand in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transformer import paths

MAX_PARTS = 20
"""Signatures that one header may hold; what stands behind them is not looked at."""


@dataclass(frozen=True, slots=True)
class Hook:
    """`headers` have lower-case names; `url` is the whole address as the provider knows it."""

    body: bytes
    headers: Mapping[str, str]
    url: str

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "").strip()

    def in_header(self, place: str, signature: str) -> str:
        """The text at `header.X` or `signature.x`, empty when there is none."""
        kind, _, name = place.partition(".")
        if kind == "header":
            return self.header(name)
        return _member(signature, name) if kind == "signature" else ""


def in_body(place: str, payload: Any) -> str:
    """The text at `body.a.b`, empty when there is none; numbers as they are written."""
    try:
        found = paths.walk(payload, paths.parse(place.removeprefix("body.")))
    except (paths.WrongShape, ValueError):
        return ""
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    return str(found)


def _member(signature: str, name: str) -> str:
    """`x` of `t=1,x=2`; the first of several counts, as the providers' own libraries have it."""
    for part in signature.split(",")[:MAX_PARTS]:
        key, mark, value = part.strip().partition("=")
        if mark and key == name:
            return value
    return ""

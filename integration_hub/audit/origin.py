"""Where the work in hand comes from: set once a request, read by every audit row and problem."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """`source` is the client's address, `request_id` what its answer carries."""

    source: str = ""
    request_id: str = ""


_NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("hub_origin", default=_NOWHERE)


def current() -> Origin:
    return _current.get()


@contextmanager
def bound(origin: Origin) -> Iterator[None]:
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)

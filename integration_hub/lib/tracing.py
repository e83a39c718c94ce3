"""Spans of a call: request → execution → attempt → upstream; nothing at all unless switched on.

`enable` says how a process makes its tracer; each process does so at its first span,
never before a fork. Off, a span costs one comparison.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

import structlog

TRACEPARENT = "traceparent"
_VALID = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Span(Protocol):
    """One step. `note` adds to what is known of it, `fail` says by which code it failed."""

    def rename(self, name: str) -> None: ...

    def note(self, **attributes: Any) -> None: ...

    def fail(self, code: str) -> None: ...


class Tracer(Protocol):
    """What makes spans in one process."""

    def span(
        self, name: str, kind: str, parent: str, attributes: Mapping[str, Any]
    ) -> AbstractContextManager[Span]: ...

    def current(self) -> str:
        """The running span as a `traceparent`; empty outside one."""

    def flush(self) -> None: ...


class _Nothing:
    """A step that nobody watches."""

    def rename(self, name: str) -> None:
        return

    def note(self, **attributes: Any) -> None:
        return

    def fail(self, code: str) -> None:
        return


class _State:
    make: Callable[[], Tracer] | None = None
    tracer: Tracer | None = None
    pid = 0


_NOTHING = nullcontext(_Nothing())
_state = _State()


def enable(make: Callable[[], Tracer] | None) -> None:
    """Make spans from now on, or with None no more."""
    _state.make, _state.tracer = make, None


def tracer() -> Tracer | None:
    if _state.make is None:
        return None
    if _state.tracer is None or _state.pid != os.getpid():
        _state.tracer, _state.pid = _state.make(), os.getpid()
    return _state.tracer


def span(
    name: str, kind: str = "internal", parent: str = "", **attributes: Any
) -> AbstractContextManager[Span]:
    """A step around a block, below the running one or below `parent`, a `traceparent`."""
    if _state.make is None:
        return _NOTHING
    found = tracer()
    return _NOTHING if found is None else _bound(found, name, kind, parent, attributes)


def current() -> str:
    """What to hand on as `traceparent`; empty while nothing is traced."""
    found = tracer()
    return found.current() if found is not None else ""


def headers() -> dict[str, str]:
    """The header that tells an external system of the trace, if there is one."""
    running = current()
    return {TRACEPARENT: running} if running else {}


def accepted(given: str | None) -> str:
    """A caller's `traceparent` if it is one (W3C Trace Context, version 00), else empty."""
    return given if given and _VALID.fullmatch(given) else ""


@contextmanager
def _bound(
    tracer: Tracer, name: str, kind: str, parent: str, attributes: Mapping[str, Any]
) -> Iterator[Span]:
    """Log lines of the block carry the id of the trace."""
    with tracer.span(name, kind, parent, attributes) as made:
        trace_id = tracer.current()[3:35]
        with structlog.contextvars.bound_contextvars(trace_id=trace_id):
            yield made

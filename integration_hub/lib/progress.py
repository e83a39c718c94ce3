"""How far long work has come, told on a terminal alone."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from integration_hub.lib import clock

_EVERY_S = 0.2
_WIDTH = 30


class Terminal(Protocol):
    def isatty(self) -> bool: ...

    def write(self, text: str, *, ending: str = ...) -> object: ...

    def flush(self) -> object: ...


class Progress:
    """`whole` in bytes, if it is known. Nothing is written where nobody looks."""

    def __init__(self, out: Terminal, whole: int | None) -> None:
        self._out, self._whole = out, whole
        self._silent = not out.isatty()
        self._due, self._shown = 0.0, False

    def __enter__(self) -> Progress:
        return self

    def show(self, done: int | None, said: str) -> None:
        """At most five times a second."""
        now = 0.0 if self._silent else clock.monotonic()
        if self._silent or now < self._due:
            return
        self._due, self._shown = now + _EVERY_S, True
        self._out.write(f"\r{self._bar(done)}{said}\x1b[K", ending="")
        self._out.flush()

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        if self._shown:
            self._out.write("\r\x1b[K", ending="")
            self._out.flush()

    def _bar(self, done: int | None) -> str:
        if done is None or not self._whole:
            return ""
        part = min(done / self._whole, 1.0)
        full = int(part * _WIDTH)
        return f"[{'#' * full}{' ' * (_WIDTH - full)}] {part:4.0%} "

"""One connection to a database, whichever it is: what the adapter asks of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy.engine import Dialect

from executor.sql.statement import Bound, Statement

_MARGIN = 0.1  # of the time left: the database's own time-out comes before the socket's
_LONGEST_MARGIN = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """What a statement gives. `rows` may be read from the database while they are taken;
    `affected` is None where nothing is counted."""

    columns: Sequence[str] = ()
    rows: Iterable[Sequence[Any]] = ()
    affected: int | None = None


class Session(ABC):
    """Not thread-safe. Every method may raise Refusal, TimedOut, Cancelled, ConnectionFailed,
    ResponseTooLarge."""

    usable = True
    dialect: ClassVar[Dialect]
    undoes: ClassVar[bool]
    """Whether what ends before its commit is known to have done nothing."""

    @abstractmethod
    def begin(self, *, writes: bool, seconds: float) -> None:
        """A transaction whose statements end after `seconds`; one that reads refuses to write."""

    @abstractmethod
    def run(self, statement: Statement, bound: Bound, *, writes: bool) -> Found:
        """The statement's rows, lazily where it only reads."""

    @abstractmethod
    def commit(self) -> None: ...

    @abstractmethod
    def end(self) -> None:
        """Undo what is open and forget what the statement left in the session."""


def allowed_seconds(left: float) -> float:
    """How long the database itself may take of the `left` seconds."""
    return left - min(left * _MARGIN, _LONGEST_MARGIN)

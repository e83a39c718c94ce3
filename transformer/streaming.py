"""Rows from one stream to another in bounded memory: what does not fit goes aside, counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from integration_hub.lib.errors import Fault, TransformFailed
from transformer import codec
from transformer.format import Format, Row, RowWriter, Streamed
from transformer.mapping import CompiledTransform
from transformer.weight import weight

MAX_SHOWN = 100
MAX_HELD = 200_000
MAX_HELD_TEXT = 256 * 1024 * 1024
TOLD_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class BadRow:
    """`row` counts every row from 1; `line` is where it begins, in formats with lines."""

    row: int
    line: int | None
    faults: tuple[Fault, ...]

    def as_dict(self) -> dict[str, Any]:
        said: dict[str, Any] = {"row": self.row}
        if self.line is not None:
            said["line"] = self.line
        return {**said, "errors": [fault.as_dict() for fault in self.faults]}


@dataclass(slots=True)
class Totals:
    """`first` are the first bad rows, up to MAX_SHOWN; `bad` counts them all."""

    good: int = 0
    bad: int = 0
    first: list[BadRow] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.good + self.bad


def _nobody(_: Any) -> None:
    """Nobody wants to know."""


def convert_rows(
    rows: Iterator[Row],
    sink: IO[bytes],
    *,
    writer: RowWriter,
    transform: CompiledTransform | None = None,
    on_bad: Callable[[BadRow], None] = _nobody,
    on_progress: Callable[[Totals], None] = _nobody,
) -> Totals:
    """Each row through `transform` to `sink`; a bad one goes to `on_bad`, and the next is read.

    Raises TransformFailed where the rest cannot be read, and whatever `on_bad` raises.
    """
    totals, attempt = Totals(), None if transform is None else transform.attempt
    sink.write(writer.head())
    for number, row in enumerate(rows, 1):
        faults: tuple[Fault, ...] = row.faults
        document = row.document
        if attempt is not None and not faults:
            outcome = attempt(document)
            document, faults = outcome.result, outcome.faults if outcome.failed else ()
        if not faults:
            try:
                sink.write(writer.row(document))
            except TransformFailed as failed:
                faults = failed.errors
        if faults:
            _put_aside(BadRow(number, row.line, tuple(faults)), totals, on_bad)
        else:
            totals.good += 1
        if not number % TOLD_EVERY:
            on_progress(totals)
    sink.write(writer.tail())
    on_progress(totals)
    return totals


def _put_aside(bad: BadRow, totals: Totals, on_bad: Callable[[BadRow], None]) -> None:
    totals.bad += 1
    if len(totals.first) < MAX_SHOWN:
        totals.first.append(bad)
    on_bad(bad)


def streamed(found: Format, options: Mapping[str, Any]) -> Streamed | None:
    """The format as one of streams, if these options make it one."""
    return found if isinstance(found, Streamed) and found.streams(options) else None


class Held:
    """Rows for a format that is written whole: bounded, since they all stay in memory."""

    def __init__(self, kind: str, options: Mapping[str, Any]) -> None:
        self._kind, self._options = kind, options
        self._documents: list[Any] = []
        self._text = 0

    def head(self) -> bytes:
        return b""

    def row(self, document: Any) -> bytes:
        if len(self._documents) >= MAX_HELD:
            detail = f"{self._kind} is written whole: at most {MAX_HELD:,} rows fit."
            raise RowsDoNotFit(detail)
        self._text += weight(document, MAX_HELD_TEXT)
        if self._text > MAX_HELD_TEXT:
            most = MAX_HELD_TEXT >> 20
            raise RowsDoNotFit(f"{self._kind} is written whole: at most {most} MiB of text fit.")
        self._documents.append(document)
        return b""

    def tail(self) -> bytes:
        return codec.encode(self._kind, self._documents, options=self._options)[0]


class RowsDoNotFit(Exception):
    """More rows than a format can take that is written whole."""

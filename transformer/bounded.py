"""What a conversion within one call may take: the size and time of its result, its bad rows."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from integration_hub.lib import clock
from integration_hub.lib.errors import Fault, TransformFailed
from transformer.faults import MAX_FAULTS, TransformFault
from transformer.streaming import BadRow, Totals

MAX_RESULT = 64 * 1024 * 1024
MAX_MS = 20_000
"""For all of a conversion together; a spec's own `timeout_ms` may be less."""


class Enough(Exception):
    """As many faults are known as are told."""


class TooMuch(Exception):
    """The result is over a limit, or late."""

    def __init__(self, detail: str, code: str) -> None:
        super().__init__(detail)
        self.code = code


class Bounded(io.BytesIO):
    """A result that ends at its size and at its time."""

    def __init__(self) -> None:
        super().__init__()
        self._ends_at = clock.monotonic() + MAX_MS / 1000

    def write(self, piece: Any, /) -> int:
        if self.tell() + len(piece) > MAX_RESULT:
            detail = f"The result has more than {MAX_RESULT >> 20} MiB; manage.py convert has"
            raise TooMuch(f"{detail} no limit for rows.", "LIMIT_SIZE")
        self.on_time()
        return super().write(piece)

    def on_time(self, _: Totals | None = None) -> None:
        if clock.monotonic() > self._ends_at:
            detail = f"The conversion took longer than {MAX_MS // 1000} s; send less at once."
            raise TooMuch(detail, "LIMIT_TIME")


class BadRows:
    """The faults of bad rows, each with its place in the list of rows."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self.rows, self.enough = 0, False

    def take(self, row: BadRow) -> None:
        self.rows += 1
        self._faults += [_in_row(fault, row) for fault in row.faults]
        if len(self._faults) >= MAX_FAULTS:
            raise Enough

    def raise_if_any(self) -> None:
        if not self._faults:
            return
        count = f"{self.rows} or more" if self.enough else str(self.rows)
        said = f"Bad rows: {count}; the first is {self._faults[0].detail}"
        raise TransformFailed(said, errors=self._faults[:MAX_FAULTS])


def _in_row(fault: Fault, row: BadRow) -> Fault:
    placed = replace(
        fault, pointer=f"/{row.row - 1}{fault.pointer}", detail=f"row {row.row}: {fault.detail}"
    )
    if isinstance(placed, TransformFault) and placed.line is None:
        return replace(placed, line=row.line)
    return placed

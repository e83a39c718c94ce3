"""The log as one file: written row by row, read in pages of the primary key."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from executor.models import Execution
from executor.querysets import ExecutionQuerySet
from integration_hub.lib import clock, jsonsafe

PAGE = 500
COLUMNS = (
    *("id", "status", "mode", "instance", "definition", "method", "code", "attempts", "priority"),
    *("correlation_id", "caller", "caller_id", "replay_of"),
    *("created_at", "started_at", "finished_at", "duration_ms", "detail"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet run a cell (OWASP, "CSV Injection")."""


def ndjson(rows: ExecutionQuerySet) -> Iterator[bytes]:
    """One JSON object a line, newest first."""
    for row in _each(rows):
        yield jsonsafe.dumps(_fields(row)) + b"\n"


def as_csv(rows: ExecutionQuerySet) -> Iterator[bytes]:
    """RFC 4180 with a header; no cell begins a formula."""
    yield _line(COLUMNS)
    for row in _each(rows):
        yield _line([_cell(value) for value in _fields(row).values()])


FORMATS: Mapping[str, tuple[str, Callable[[ExecutionQuerySet], Iterator[bytes]]]] = {
    "ndjson": ("application/x-ndjson", ndjson),
    "csv": ("text/csv; charset=utf-8", as_csv),
}


def _each(rows: ExecutionQuerySet) -> Iterator[Execution]:
    """Short queries instead of one long: no snapshot is held while someone reads slowly."""
    last: UUID | None = None
    while True:
        page = rows if last is None else rows.filter(pk__lt=last)
        found = list(page.order_by("-id")[:PAGE])
        yield from found
        if len(found) < PAGE:
            return
        last = found[-1].pk


def _fields(row: Execution) -> dict[str, Any]:
    problem = jsonsafe.loads(row.error) if row.error else {}
    values = (
        *(str(row.pk), row.status, row.mode, row.instance_slug, row.definition_ref, row.method),
        *(row.code or None, row.attempts, row.priority, row.correlation_id or None),
        *(row.caller_name or row.caller, row.caller),
        str(row.replay_of) if row.replay_of else None,
        *(_time(moment) for moment in (row.created_at, row.started_at, row.finished_at)),
        *(row.duration_ms, problem.get("detail")),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _time(moment: Any) -> str | None:
    return None if moment is None else clock.rfc3339(moment)


def _cell(value: Any) -> str:
    """A number stays one; text that a spreadsheet would run gets an apostrophe before it."""
    text = "" if value is None else str(value)
    if isinstance(value, str) and text.startswith(_FORMULA):
        return f"'{text}"
    return text


def _line(cells: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()

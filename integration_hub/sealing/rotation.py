"""Re-encryption under the newest key, while the hub serves.

Rows are read in batches by primary key and written by compare-and-set on the old
ciphertext, so that an edit in between always wins. Nothing is kept but the rows
themselves: whatever ends a run, the next one goes on where rows are behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models, transaction

from integration_hub.lib import pause
from integration_hub.sealing.census import SealedColumns, sealed_columns
from integration_hub.sealing.keyring import CannotOpen, Keyring, keyring

BATCH = 250
MAX_PASSES = 10
MAX_LISTED = 200


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that no key of FERNET_KEYS opens; it is left as it is."""

    model: str
    pk: str
    key_id: str


@dataclass(slots=True)
class Outcome:
    """`overtaken` rows were edited between read and write, and looked at again after that."""

    rotated: int = 0
    overtaken: int = 0
    unreadable: int = 0
    listed: list[Unreadable] = field(default_factory=list)


Told = Callable[[str, int], None]


def rotate_all(*, told: Told) -> Outcome:
    """Bring every sealed row under the newest key; `told(model, rows seen)` after each batch."""
    outcome = Outcome()
    ring = keyring()
    for columns in sealed_columns():
        for _ in range(MAX_PASSES):
            if not _pass(columns, ring, outcome, told):
                break
    return outcome


def _pass(columns: SealedColumns, ring: Keyring, outcome: Outcome, told: Told) -> int:
    """Go once through the rows that are behind; how many were overtaken by an edit."""
    seen = overtaken = 0
    shut: list[Unreadable] = []
    unreadable = 0
    for rows in _batches(columns, ring.newest):
        moves, closed = _sorted(columns, rows, ring)
        pause.point("sealing.rotate")
        written = _write(columns, moves, ring.newest)
        outcome.rotated += written
        overtaken += len(moves) - written
        seen += len(rows)
        unreadable += len(closed)
        shut += closed[: MAX_LISTED - len(shut)]
        told(columns.label, seen)
    outcome.overtaken += overtaken
    if not overtaken:  # the last pass over this table: these are the ones that stay
        outcome.unreadable += unreadable
        outcome.listed += shut[: MAX_LISTED - len(outcome.listed)]
    return overtaken


def _sorted(
    columns: SealedColumns, rows: list[models.Model], ring: Keyring
) -> tuple[list[_Move], list[Unreadable]]:
    """What is to be written, and what no key opens."""
    moves, closed = [], []
    for row in rows:
        try:
            moves.append(_move(columns, row, ring))
        except CannotOpen:
            key_id = getattr(row, columns.key_field)
            closed.append(Unreadable(columns.label, str(row.pk), key_id))
    return moves, closed


def _batches(columns: SealedColumns, newest: str) -> Iterator[list[models.Model]]:
    last = None
    while True:
        behind = (
            columns.behind(newest).order_by("pk").only("pk", columns.key_field, *columns.fields)
        )
        rows = list((behind if last is None else behind.filter(pk__gt=last))[:BATCH])
        if not rows:
            return
        yield rows
        last = rows[-1].pk


@dataclass(frozen=True, slots=True)
class _Move:
    """One row: the ciphertexts it had, by field, and those it is to have."""

    pk: Any
    key_id: str
    old: dict[str, bytes]
    new: dict[str, bytes]


def _move(columns: SealedColumns, row: models.Model, ring: Keyring) -> _Move:
    held = {name: getattr(row, name) for name in columns.fields}
    old = {name: sealed.token for name, sealed in held.items() if sealed is not None}
    new = {name: ring.rotate(token) for name, token in old.items()}
    return _Move(row.pk, getattr(row, columns.key_field), old, new)


def _write(columns: SealedColumns, moves: list[_Move], newest: str) -> int:
    """The number of rows that were still as they had been read."""
    by_shape: dict[tuple[str, ...], list[_Move]] = {}
    for move in moves:
        by_shape.setdefault(tuple(move.old), []).append(move)
    written = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for names, alike in by_shape.items():
            statement = _statement(columns, names)
            cursor.executemany(statement, [_values(columns, move, newest) for move in alike])
            written += cursor.rowcount
    return written


def _statement(columns: SealedColumns, names: tuple[str, ...]) -> str:
    """Raw, because the ORM refuses to compare sealed columns, with reason."""
    key, *sealed = (_column(columns, name) for name in (columns.key_field, *names))
    primary = _column(columns, _primary_key(columns).name)
    sets = ", ".join(f"{column} = %s" for column in (key, *sealed))
    same = [f"{column} = %s" for column in (primary, key, *sealed)]
    # A column that was empty must still be: what was put there since is under a key of its own.
    empty = [f"{_column(columns, n)} IS NULL" for n in columns.fields if n not in names]
    table = connection.ops.quote_name(columns.model._meta.db_table)
    return f"UPDATE {table} SET {sets} WHERE {' AND '.join(same + empty)}"  # noqa: S608 - own names


def _values(columns: SealedColumns, move: _Move, newest: str) -> list[Any]:
    database: Any = connection
    binary = database.Database.Binary
    pk = _primary_key(columns).get_db_prep_value(move.pk, connection)
    new = [binary(token) for token in move.new.values()]
    old = [binary(token) for token in move.old.values()]
    return [newest, *new, pk, move.key_id, *old]


def _primary_key(columns: SealedColumns) -> Any:
    return columns.model._meta.pk


def _column(columns: SealedColumns, name: str) -> str:
    field: Any = columns.model._meta.get_field(name)
    return str(connection.ops.quote_name(field.column))

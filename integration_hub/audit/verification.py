"""Is the log as it was written? Every row against the chain, the end against its proofs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from integration_hub.audit import chain
from integration_hub.audit.models import AuditChain, AuditCheckpoint, AuditEntry
from integration_hub.audit.sealer import open_key
from integration_hub.sealing.keyring import CannotOpen

BATCH = 1_000
MAX_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Break:
    """`position` is the sequence of the row, 0 for the chain's own row; `kind` one word."""

    position: int
    kind: str
    detail: str
    entry: str = ""


@dataclass(slots=True)
class Verdict:
    """`unsealed` rows wait for the sealer. At most 100 breaks are listed."""

    rows: int
    unsealed: int
    end: int
    chain: str
    breaks: list[Break]

    @property
    def ok(self) -> bool:
        return not self.breaks


def verify(*, expected: tuple[int, str] | None = None) -> Verdict:
    """Read the whole log. `expected`: a checkpoint kept elsewhere (sequence, chain)."""
    head = AuditChain.objects.first()
    walk = _Walk()
    breaks: list[Break] = []
    for fault in walk.faults(head, expected):
        breaks.append(fault)
        if len(breaks) >= MAX_FAULTS:
            break
    unsealed = AuditEntry.objects.filter(sequence=None).count()
    end, last = (head.sequence, head.chain) if head else (0, "")
    return Verdict(walk.rows, unsealed, end, last, breaks)


class _Walk:
    def __init__(self) -> None:
        self.rows = 0

    def faults(self, head: AuditChain | None, expected: tuple[int, str] | None) -> Iterator[Break]:
        if head is None:
            yield from self._without_head(expected)
            return
        try:
            key = open_key(head)
        except CannotOpen as error:
            yield Break(0, "key", f"The chain's key cannot be opened: {error}.")
            return
        if not chain.same(head.mac, chain.proof(key, head.sequence, head.chain)):
            yield Break(0, "head", "The row that holds the chain's end was changed.")
        yield from self._rows(key, head, _noted(key, expected))

    def _without_head(self, expected: tuple[int, str] | None) -> Iterator[Break]:
        chained = AuditEntry.objects.filter(sequence__isnull=False).exists()
        if chained or expected or AuditCheckpoint.objects.exists():
            yield Break(0, "head", "The row that holds the chain's key and end is gone.")

    def _rows(self, key: bytes, head: AuditChain, noted: dict[int, str]) -> Iterator[Break]:
        before, place = chain.START, 0
        for entry in _in_order():
            self.rows += 1
            found = int(entry.sequence or 0)
            if found != place + 1:
                yield _missing(place + 1, found - 1)
                _forget(noted, place + 1, found - 1)
            elif not chain.same(entry.chain, chain.link(key, before, found, entry)):
                detail = "The row is not what was chained: changed, or in another's place."
                yield Break(found, "changed", detail, str(entry.pk))
            wanted = noted.pop(found, None)
            if wanted is not None and not chain.same(wanted, entry.chain):
                yield Break(found, "checkpoint", "A checkpoint says otherwise.", str(entry.pk))
            before, place = entry.chain, found
        yield from self._end(head, place, before, noted)

    def _end(
        self, head: AuditChain, place: int, last: str, noted: dict[int, str]
    ) -> Iterator[Break]:
        if place < head.sequence:
            yield _missing(place + 1, head.sequence, tail=True)
        elif place > head.sequence or not chain.same(last, head.chain):
            yield Break(place, "head", "The chain does not end as its own row says.")
        for position in sorted(noted):
            if position > max(place, head.sequence):
                yield Break(position, "tail", "A checkpoint names this row, and it is gone.")


def _in_order() -> Iterator[AuditEntry]:
    last = None
    while True:
        rows = AuditEntry.objects.filter(sequence__isnull=False).order_by("sequence")
        batch = list((rows if last is None else rows.filter(sequence__gt=last))[:BATCH])
        yield from batch
        if len(batch) < BATCH:
            return
        last = batch[-1].sequence


def _noted(key: bytes, expected: tuple[int, str] | None) -> dict[int, str]:
    """What checkpoints say; one whose proof is wrong says something that no row can match."""
    found = {}
    for row in AuditCheckpoint.objects.order_by("sequence").iterator():
        proven = chain.same(row.mac, chain.proof(key, row.sequence, row.chain))
        found[row.sequence] = row.chain if proven else "forged"
    return found | (dict([expected]) if expected else {})


def _missing(first: int, last: int, *, tail: bool = False) -> Break:
    rows = f"row {first}" if first == last else f"rows {first} to {last}"
    where = "at the end of the log" if tail else "in the middle of the log"
    return Break(first, "tail" if tail else "missing", f"Deleted: {rows}, {where}.")


def _forget(noted: dict[int, str], first: int, last: int) -> None:
    """Checkpoints of rows that are known to be gone say nothing new."""
    for position in [found for found in noted if first <= found <= last]:
        noted.pop(position)

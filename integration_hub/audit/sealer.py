"""Chaining of audit rows after their commit, so that no call waits for the one before it.

One at a time by a lock on the chain's own row; the pacer runs it every few seconds.
Rows are taken as they became visible: what commits later comes later, whenever it began.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction

from integration_hub.audit import chain
from integration_hub.audit.models import AuditChain, AuditCheckpoint, AuditEntry
from integration_hub.lib import clock, log
from integration_hub.sealing.field import seal
from integration_hub.sealing.keyring import CannotOpen

SEAL_EVERY = 4.0
BATCH = 500
MAX_BATCHES = 40
CHECKPOINT_EVERY = timedelta(hours=1)
CHECKPOINT_ROWS = 10_000

_log = log.get("hub.audit")


class ChainLost(Exception):
    """Rows are chained, and the row that holds the chain's key is gone: nothing is made up."""


def keep_chained() -> None:
    """What the pacer runs. A chain that cannot go on is told, and the rows wait."""
    try:
        seal_all()
    except (ChainLost, CannotOpen) as error:
        _log.error("audit.chain_stopped", reason=str(error))


def seal_all() -> int:
    """Chain every visible row that is not yet chained; how many. Raises CannotOpen, ChainLost."""
    sealed = 0
    for _ in range(MAX_BATCHES):
        if not AuditEntry.objects.filter(sequence=None).exists():
            break
        done = _seal_batch()
        sealed += done
        if done < BATCH:
            break
    return sealed


def open_key(row: AuditChain) -> bytes:
    """Raises CannotOpen."""
    return bytes.fromhex(row.key.open(row)) if row.key is not None else b""


def _seal_batch() -> int:
    with transaction.atomic():
        head = _locked()
        key = open_key(head)
        entries = list(AuditEntry.objects.filter(sequence=None).order_by("id")[:BATCH])
        before, rows = head.chain, []
        for place, entry in enumerate(entries, head.sequence + 1):
            before = chain.link(key, before, place, entry)
            rows.append((place, before, entry.pk))
        if rows:
            _write(rows)
            _move(head, key, rows[-1][0], before)
    return len(rows)


def _locked() -> AuditChain:
    """The chain's row under a lock, made when nothing was ever chained."""
    head = AuditChain.objects.select_for_update().first()
    if head is not None:
        return head
    if AuditEntry.objects.filter(sequence__isnull=False).exists():
        raise ChainLost("the audit chain's own row is gone")
    new = AuditChain(pk=1, at=clock.now())
    key = secrets.token_bytes(32)
    new.key = seal(new, "key", key.hex())
    new.key_key = new.key.key_id if new.key else ""
    new.mac = chain.proof(key, 0, chain.START)
    AuditChain.objects.bulk_create([new], ignore_conflicts=True)
    return AuditChain.objects.select_for_update().get()


def _write(rows: list[tuple[int, str, UUID]]) -> None:
    """Past the model, which lets nothing be updated; only what nobody chained yet."""
    pk = AuditEntry._meta.pk
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE audit_auditentry SET sequence = %s, chain = %s "
            "WHERE id = %s AND sequence IS NULL",
            [(place, made, pk.get_db_prep_value(key, connection)) for place, made, key in rows],
        )


def _move(head: AuditChain, key: bytes, sequence: int, end: str) -> None:
    now, mac = clock.now(), chain.proof(key, sequence, end)
    AuditChain.objects.filter(pk=head.pk).update(sequence=sequence, chain=end, mac=mac, at=now)
    last = AuditCheckpoint.objects.order_by("-sequence").first()
    due = (
        last is None
        or now - last.at >= CHECKPOINT_EVERY
        or sequence - last.sequence >= CHECKPOINT_ROWS
    )
    if due:
        AuditCheckpoint.objects.create(sequence=sequence, chain=end, mac=mac, at=now)
        # Kept outside too: who can rewrite the database cannot rewrite the log's archive.
        _log.info("audit.checkpoint", sequence=sequence, chain=end)

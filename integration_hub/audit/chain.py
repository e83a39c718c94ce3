"""The chain's arithmetic: each row's HMAC covers what it says and the one before it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC

from integration_hub.audit.models import AuditEntry
from integration_hub.lib.jsonsafe import dumps_text

START = ""
"""What the first row follows."""

COVERED = ("actor", "source", "action", "target_type", "target", "detail", "request_id")


def link(key: bytes, before: str, sequence: int, entry: AuditEntry) -> str:
    """The `chain` of the row at this place."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    said = [getattr(entry, name) for name in COVERED]
    return _mac(key, "row", before, sequence, str(entry.pk), at, *said)


def proof(key: bytes, sequence: int, chain: str) -> str:
    """That the chain was once exactly so long and ended so."""
    return _mac(key, "end", sequence, chain)


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _mac(key: bytes, *parts: str | int) -> str:
    return hmac.new(key, dumps_text(list(parts)).encode(), hashlib.sha256).hexdigest()

"""Writing the audit log: one row in the transaction of its fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.audit.models import AuditEntry
from integration_hub.audit.origin import current
from integration_hub.lib import clock
from integration_hub.lib.jsonsafe import dumps_text


def record(
    *,
    actor: str,
    action: str,
    target_type: str,
    target: str,
    detail: Mapping[str, Any] | None = None,
    source: str = "",
    request_id: str = "",
) -> AuditEntry:
    """Insert one row. Call it inside the transaction of the fact, so that both stand or fall.

    `detail` is shown to people: names and counts, never a secret. `source` and
    `request_id` default to those of the request in hand.
    """
    origin = current()
    return AuditEntry.objects.create(
        at=clock.now(),
        actor=actor[:200],
        source=(source or origin.source)[:64],
        action=action,
        target_type=target_type,
        target=target[:200],
        detail=dumps_text(dict(detail or {})),
        request_id=request_id or origin.request_id,
    )

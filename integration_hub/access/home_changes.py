"""The card of what was changed lately, from the audit log."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from integration_hub.access.denials import DENIED_CALL, FAILED_LOGIN
from integration_hub.access.home import LINES, Card, Line, Link, Viewer, listing
from integration_hub.audit.models import AuditEntry

LOOKED_AT = 100
_NO_CHANGES = frozenset({DENIED_CALL, FAILED_LOGIN})


def cards(viewer: Viewer) -> Iterator[Card]:
    """For who may read the audit log; it tells of everything, so not for one with limits."""
    if viewer.caller.is_limited or not viewer.may("audit.view_auditentry"):
        return
    rows = AuditEntry.objects.with_actor_names().defer("detail").order_by("-id")[:LOOKED_AT]
    changes = [row for row in rows if row.action not in _NO_CHANGES][:LINES]
    yield Card(
        name="changes",
        title="Recent changes",
        rank=90,
        lines=[
            Line(
                title=f"{row.action} · {row.target}" if row.target else row.action,
                url=reverse("admin:audit_auditentry_change", args=[row.pk]),
                text=row.actor_name or row.actor,
                at=row.at,
            )
            for row in changes
        ],
        more=Link("The audit log", listing("audit_auditentry")),
        empty="Nothing was changed lately.",
    )

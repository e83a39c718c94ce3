"""Which release of the hub runs: written down when it is another than before."""

from __future__ import annotations

from django.conf import settings

from integration_hub.audit.models import AuditEntry
from integration_hub.audit.services import record

KIND, DEPLOYED = "hub", "hub.deployed"


def note(actor: str) -> None:
    """Without HUB_RELEASE nothing is known and nothing is written."""
    release = str(settings.HUB_RELEASE)[:200]
    if not release:
        return
    last = AuditEntry.objects.filter(target_type=KIND, action=DEPLOYED).order_by("-id").first()
    if last is None or last.target != release:
        record(actor=actor, action=DEPLOYED, target_type=KIND, target=release)

"""The card of certificates of external systems that end soon, as health checks saw them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.urls import reverse

from executor.health.models import HealthStatus
from integration_hub.access.home import LINES, Card, Figure, Line, Tone, Viewer, named
from registry.models import Instance

SOON = timedelta(days=30)
URGENT = timedelta(days=7)
LOOKED_AT = 100
_MODEL = "registry_instance"


def cards(viewer: Viewer) -> Iterator[Card]:
    """One statement."""
    if not viewer.may("registry.view_instance"):
        return
    ending = HealthStatus.objects.filter(
        certificate_ends_at__lte=viewer.now + SOON,
        instance__in=Instance.objects.visible_to(viewer.caller).filter(enabled=True),
    ).order_by("certificate_ends_at", "pk")
    columns = ("instance_id", "instance__slug", "host", "certificate_ends_at")
    rows = list(ending.values_list(*columns)[: LOOKED_AT + 1])
    urgent = bool(rows) and rows[0][3] <= viewer.now + URGENT
    value = f"{LOOKED_AT}+" if len(rows) > LOOKED_AT else f"{len(rows)}"
    tone = Tone.BAD if urgent else Tone.WARN if rows else Tone.OK
    address = named(_MODEL, (row[0] for row in rows))
    yield Card(
        name="certificates",
        title="Certificates",
        rank=75,
        figures=[Figure(f"Certificates that end in {SOON.days} days", value, address, tone)],
        lines=[
            Line(
                title=slug,
                url=reverse("admin:executor_execution_health", args=[key])
                if viewer.caller.can("read")
                else reverse(f"admin:{_MODEL}_change", args=[key]),
                badge="ended" if ends <= viewer.now else "ends",
                tone=Tone.BAD if ends <= viewer.now + URGENT else Tone.WARN,
                text=host,
                at=ends,
            )
            for key, slug, host, ends in rows[:LINES]
        ],
        empty=f"No certificate that was seen ends within {SOON.days} days.",
    )

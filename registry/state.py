"""The one place where an instance's state moves."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from integration_hub.coordination import revision
from integration_hub.events import services as events
from integration_hub.events.choices import EventType
from integration_hub.lib import clock
from registry.choices import InstanceState
from registry.models import Instance

REASON_LENGTH = 500


def set_instance_state(
    *,
    instance_id: UUID,
    state: InstanceState | str,
    reason: str = "",
    only_from: Collection[str] | None = None,
) -> bool:
    """Move an instance to `state`; True when that changed it, and then an event says so.

    With `only_from` nothing moves unless the stored state is one of those: a late
    answer must not overwrite what an operator did meanwhile. A new reason for the
    same state is kept without an event. The ETag stays: it guards what operators
    write, and a first successful call must not spoil their edit.
    """
    wanted, reason = InstanceState(state), reason[:REASON_LENGTH]
    with transaction.atomic():
        row = Instance.objects.filter(pk=instance_id).only("slug", "state", "state_reason").first()
        if row is None or (only_from is not None and row.state not in only_from):
            return False
        mine = Instance.objects.filter(pk=instance_id, state=row.state)
        if row.state == wanted:
            if row.state_reason != reason:
                mine.update(state_reason=reason)
            return False
        moved = mine.update(state=wanted, state_reason=reason, state_since=clock.now())
        if not moved:
            return False
        announce(row, state=wanted, previous=row.state, reason=reason)
        revision.bump("registry")
    return True


def announce(row: Instance, *, state: str, previous: str = "", reason: str = "") -> None:
    """The events of a state that is new; in the caller's transaction."""
    known = {"previous": str(previous)} if previous else {}
    identity = {"instance_id": str(row.pk), **known}
    events.emit(
        type=EventType.INSTANCE_STATUS,
        subject=row.slug,
        data={"state": str(state), "reason": reason, **identity},
    )
    if state == InstanceState.CONNECTED:
        events.emit(type=EventType.CONNECTED, subject=row.slug, data=identity)

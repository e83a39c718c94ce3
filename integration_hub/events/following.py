"""Events as they are written, for someone who listens: at least once, in the order of their ids.

An id is made before its transaction commits, so a row can appear behind one that is already
told. What is younger than `LATE` is therefore looked at again each time, and what was told
is remembered that long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from integration_hub.events.cloudevent import cloudevent_of
from integration_hub.events.filters import Wanted
from integration_hub.events.models import Event, EventSink
from integration_hub.lib import clock, ids, jsonsafe

LATE = timedelta(seconds=5)
LOOK_EVERY_S = 0.5
HEARTBEAT_S = 15.0
LIFETIME_S = 300.0
"""A stream ends after this long, and is taken up again: so a right that was lost ends too."""

MOST_LOOKED_AT = 5_000
MOST_AT_ONCE = 200
RECONNECT_MS = 2_000


@dataclass(slots=True)
class Place:
    """How far a listener is: from `begin`, all up to `told` was told, but for what comes late."""

    begin: UUID
    told: UUID
    seen: set[UUID] = field(default_factory=set)

    @property
    def floor(self) -> UUID:
        return max(self.begin, min(self.told, ids.floor_id(clock.now() - LATE)))

    def unseen(self, rows: QuerySet[Event]) -> list[UUID]:
        """The ids to tell next, oldest first."""
        floor = self.floor
        self.seen = {key for key in self.seen if key > floor}
        found = rows.filter(id__gt=floor).order_by("id").values_list("pk", flat=True)
        return [key for key in found[:MOST_LOOKED_AT] if key not in self.seen][:MOST_AT_ONCE]

    def told_of(self, keys: list[UUID]) -> None:
        self.seen.update(keys)
        self.told = max(self.told, keys[-1])


def start(last_event_id: UUID | None) -> Place:
    """From what comes now, or behind an event that was heard.

    What came late before that one may come twice: its id tells.
    """
    if last_event_id is None:
        now = ids.floor_id(clock.now())
        return Place(now, now)
    behind = ids.floor_id(ids.time_of(last_event_id) - LATE)
    return Place(behind, behind, {last_event_id})


def follow(
    *,
    rows: Callable[[], QuerySet[Event]],
    filters: Mapping[str, Any],
    place: Place,
    is_over: Callable[[], bool],
) -> Iterator[bytes]:
    """Server-sent events until `is_over`, or until LIFETIME_S have passed.

    `rows` gives what the listener may see now; it is asked anew each time and may raise
    to end the stream.
    """
    ends_at = clock.monotonic() + LIFETIME_S
    beat_at = clock.monotonic() + HEARTBEAT_S
    yield f"retry: {RECONNECT_MS}\n\n".encode()
    while clock.monotonic() < ends_at and not is_over():
        keys = place.unseen(rows())
        if keys:
            yield from _told(keys, filters)
            place.told_of(keys)
        if clock.monotonic() >= beat_at:
            beat_at = clock.monotonic() + HEARTBEAT_S
            yield b": still here\n\n"
        if len(keys) < MOST_AT_ONCE:
            clock.sleep(LOOK_EVERY_S)


def _told(keys: list[UUID], filters: Mapping[str, Any]) -> Iterator[bytes]:
    events = list(Event.objects.filter(pk__in=keys).order_by("id"))
    listener = EventSink(filters=jsonsafe.dumps_text(dict(filters)))
    wanted = Wanted([listener], events)
    for event in events:
        if wanted.by(listener, event):
            # Unnamed: a listener then hears types that it does not know yet. The type is in it.
            yield b"id: %s\ndata: %s\n\n" % (
                str(event.pk).encode(),
                cloudevent_of(event).body,
            )

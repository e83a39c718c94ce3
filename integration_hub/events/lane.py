"""One lane of a sink: deliveries handed over one after another, in a thread that knows no database.

What became of each goes to the relay, which marks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integration_hub.events.cloudevent import cloudevent_of
from integration_hub.events.models import Delivery, EventSink
from integration_hub.events.sink import NotDelivered, sinks
from integration_hub.lib import clock
from integration_hub.lib.errors import ConnectionFailed, TimedOut


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a delivery; `tried` is False for one that is given back untouched."""

    delivery: Delivery
    tried: bool = True
    started_at: datetime | None = None
    duration_ms: float = 0.0
    status: int | None = None
    error: Exception | None = None


Report = Callable[[Sequence[Result]], None]


@dataclass(frozen=True, slots=True)
class Lane:
    """Deliveries of one sink in their order. None is begun after `ends_at` (monotonic)."""

    sink: EventSink
    config: Mapping[str, Any]
    deliveries: Sequence[Delivery]
    ends_at: float

    def run(self, report: Report) -> None:
        """Try each; after a failure, leave the rest of its subject for another time.

        A receiver that is away, or that wants a pause, is asked no further.
        """
        stuck: set[str] = set()
        closed, proven = False, self.sink.proven_at is not None
        for part in self._parts():
            if closed or clock.monotonic() > self.ends_at or stuck & {d.subject for d in part}:
                report([Result(delivery, tried=False) for delivery in part])
                continue
            results = self._try(part, prove=not proven)
            error = results[0].error
            if error is None:
                proven = True
            else:
                stuck |= {delivery.subject for delivery in part}
                closed = _concerns_all(error)
            report(results)

    def _parts(self) -> list[Sequence[Delivery]]:
        size = sinks.get(self.sink.type).together if self.sink.type in sinks else 1
        rows = self.deliveries
        return [rows[at : at + size] for at in range(0, len(rows), size)]

    def _try(self, part: Sequence[Delivery], *, prove: bool) -> list[Result]:
        started_at, began = clock.now(), clock.monotonic()
        status: int | None = None
        error: Exception | None = None
        try:
            plugin = sinks.get(self.sink.type)
            config = {**self.config, "url": part[0].url} if part[0].url else self.config
            if prove:
                plugin.prove(config)
            events = [cloudevent_of(delivery.event) for delivery in part]
            status = plugin.deliver_all(events, config=config)
        except Exception as raised:  # noqa: BLE001 - the contract of Sink: any is "not delivered"
            error = raised
            status = raised.status if isinstance(raised, NotDelivered) else None
        took = (clock.monotonic() - began) * 1000
        return [Result(d, True, started_at, took, status, error) for d in part]


def _concerns_all(error: Exception) -> bool:
    """Whether the failure says something of the receiver and not of this event."""
    if isinstance(error, NotDelivered):
        return error.throttled or error.gone
    return isinstance(error, (ConnectionFailed, TimedOut))

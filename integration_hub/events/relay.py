"""From the outbox to the sinks: at least once, in order per subject and sink.

`planning` says what goes out, `lane` hands it over, `marks` writes what became of it.
Lanes run side by side in threads, so that a sink that hangs delays no other; plans and
marks are made by the one thread that runs the relay. A relay that dies leaves its
leases to expire; what it had delivered but not marked goes out again under the same id.
"""

from __future__ import annotations

import queue
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from uuid import UUID
from zlib import crc32

from integration_hub.events import planning, sink_config
from integration_hub.events.lane import Lane, Result
from integration_hub.events.marks import mark
from integration_hub.events.models import Delivery, EventSink
from integration_hub.events.planning import due
from integration_hub.events.sink import sinks
from integration_hub.lib import clock, log, redact

__all__ = ["Relay", "due", "relay_once"]

THREADS = 64
BEGIN_WITHIN = 80.0  # seconds; what is begun by then ends well inside the lease
AT_ONCE = 500
MARK_AT_ONCE = 200
LOOK_EVERY = 0.1
"""Seconds between two looks for new events."""

logger = log.get(__name__)


class Relay:
    """One relay of this process; `with` ends its threads."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="hub-relay")
        self._results: queue.SimpleQueue[Sequence[Result] | UUID] = queue.SimpleQueue()
        self._lanes: Counter[UUID] = Counter()
        self._redactors: dict[UUID, redact.Redactor] = {}
        self.attempted = 0

    def __enter__(self) -> Relay:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def run(self, stopped: Callable[[], bool], *, linger: float = 0.0) -> None:
        """Deliver what is due until there is nothing, or `stopped` says so.

        One that had something to do looks for `linger` more seconds before it ends.
        """
        until = clock.monotonic()
        while True:
            begun = 0 if stopped() else self.begin()
            if begun:
                until = clock.monotonic() + linger
            elif not self._lanes and (stopped() or clock.monotonic() >= until):
                return
            self.collect(wait=0.0 if begun else LOOK_EVERY)

    def begin(self, limit: int = AT_ONCE) -> int:
        """Plan, and start lanes for what was claimed; how much was done."""
        full = [sink for sink, count in self._lanes.items() if count]
        plan = planning.plan(limit=limit, without=full)
        by_sink: dict[UUID, list[Delivery]] = defaultdict(list)
        for delivery in plan.claimed:
            by_sink[delivery.sink_id].append(delivery)
        for deliveries in by_sink.values():
            self._start(deliveries[0].sink, deliveries)
        return plan.fanned + len(plan.claimed)

    def collect(self, *, wait: float) -> None:
        """Mark what has been handed over meanwhile; wait for the first of it."""
        found: list[Result] = []
        try:
            self._take(
                self._results.get(timeout=wait) if wait else self._results.get_nowait(), found
            )
            while len(found) < MARK_AT_ONCE:
                self._take(self._results.get_nowait(), found)
        except queue.Empty:
            pass
        if found:
            mark(found, self._redactor_of)

    def finish(self) -> None:
        """Wait for every lane and mark what it did."""
        while self._lanes:
            self.collect(wait=LOOK_EVERY)

    def _take(self, item: Sequence[Result] | UUID, found: list[Result]) -> None:
        if isinstance(item, UUID):
            self._lanes[item] -= 1
            self._lanes += Counter()  # drops those at nought
            return
        found += item
        self.attempted += sum(result.tried for result in item)

    def _start(self, sink: EventSink, deliveries: Sequence[Delivery]) -> None:
        ends_at = clock.monotonic() + BEGIN_WITHIN
        try:
            config = sink_config.open_config(sink)
            self._redactors[sink.pk] = sink_config.redactor_of(sink, config)
        except Exception as error:  # noqa: BLE001 - a secret that does not open, whatever the reason
            self._results.put([Result(delivery, error=error) for delivery in deliveries])
            self._lanes[sink.pk] += 1
            self._results.put(sink.pk)
            return
        for part in _lanes_of(sink, deliveries):
            self._lanes[sink.pk] += 1
            self._threads.submit(self._run, Lane(sink, config, part, ends_at))

    def _run(self, lane: Lane) -> None:
        try:
            lane.run(self._results.put)
        finally:
            self._results.put(lane.sink.pk)

    def _redactor_of(self, sink: EventSink) -> redact.Redactor:
        return self._redactors.get(sink.pk) or redact.current()


def relay_once(limit: int = 200) -> int:
    """Fan out and deliver up to `limit` each; how much was done. 0: nothing is due."""
    with Relay() as relay:
        begun = relay.begin(limit)
        relay.finish()
    return begun


def _lanes_of(sink: EventSink, deliveries: Sequence[Delivery]) -> list[list[Delivery]]:
    """The deliveries of one subject stay together; a sink not proven has one lane."""
    plugin = sinks.get(sink.type) if sink.type in sinks else None
    count = plugin.lanes if plugin and planning.is_proven(sink) and plugin.together == 1 else 1
    parts: Mapping[int, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        parts[crc32(delivery.subject.encode()) % count].append(delivery)
    return list(parts.values())

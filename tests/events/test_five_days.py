"""Promise 54: a receiver that plays every answer, on a fake clock over six days."""

from __future__ import annotations

import itertools
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Min

from integration_hub.events import posting, relay, services
from integration_hub.events.choices import EventType
from integration_hub.events.models import Delivery, Event, EventSink, FailedAttempt
from integration_hub.events.schedule import SPREAD, WAITS
from integration_hub.lib import clock
from tests.events.receiver import HANG, RESET

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 6
PURE = ("/301", "/404", "/500", "/429", "/hang", "/reset")


class Days(clock.FakeClock):
    """The days are told; how long a receiver hangs is measured."""

    def monotonic(self) -> float:
        return time.monotonic()


def recovers_after(hours: float):
    return lambda _: 200 if clock.now() - START > timedelta(hours=hours) else 500


def sporadic(hit) -> int:
    """One success in each two days keeps a sink on."""
    return 200 if (clock.now() - START).days % 2 else 503


ANSWERS = {
    "/200": 200,
    "/204": 204,
    "/301": (301, {"Location": "/200"}, b""),
    "/404": 404,
    "/410": 410,
    "/429": (429, {"Retry-After": "600"}, b""),
    "/500": 500,
    "/hang": HANG,
    "/reset": RESET,
    "/recovers": recovers_after(30),
    "/sporadic": sporadic,
}


def live(until: datetime, fake: clock.FakeClock) -> None:
    """Relay until then, the clock always at the next moment at which something is due."""
    while True:
        while relay.relay_once(limit=1000):
            pass
        waits = Delivery.objects.filter(status="pending", sink__enabled=True)
        paused = EventSink.objects.filter(paused_until__gt=fake.now(), enabled=True)
        moments = [
            moment
            for moment in (
                waits.exclude(sink__in=paused).aggregate(at=Min("due_at"))["at"],
                paused.filter(deliveries__status="pending").aggregate(at=Min("paused_until"))["at"],
            )
            if moment is not None
        ]
        after = min([*moments, until])
        if after >= until:
            fake.advance((until - fake.now()).total_seconds())
            return
        fake.advance(max(0.001, (after - fake.now()).total_seconds()))


@pytest.fixture
def lived(webhook, receiver, monkeypatch):
    """Six days with an event a day, each of a subject of its own."""
    monkeypatch.setattr(posting, "TIMEOUT", 0.05)
    receiver.says |= ANSWERS
    fake = Days(START)
    with clock.use(fake):
        sinks = {path: webhook(path, filters={"types": ["*.instance.*"]}) for path in ANSWERS}
        for day in range(DAYS):
            services.emit(
                type=EventType.INSTANCE_STATUS,
                subject=f"subject-{day}",
                data={"state": "connected"},
            )
            live(START + timedelta(days=day + 1), fake)
        for sink in sinks.values():
            sink.refresh_from_db()
        yield sinks


def test_every_receiver_ends_as_the_contract_says(lived, receiver):
    on = {path for path, sink in lived.items() if sink.enabled}
    assert on == {"/200", "/204", "/recovers", "/sporadic"}
    reasons = {path: sink.disabled_reason for path, sink in lived.items() if not sink.enabled}
    assert "410" in reasons.pop("/410")
    assert all("120 hours" in reason for reason in reasons.values())
    told = Counter(Event.objects.values_list("type", flat=True))
    assert told["integration.sink.disabled"] == len(PURE) + 1
    assert told["integration.sink.recovered"] >= 1

    # Everything that could be delivered was, and nothing twice.
    for path in ("/200", "/204", "/recovers"):
        ids = [hit.headers["webhook-id"] for hit in receiver.of(path)]
        done = Delivery.objects.filter(sink=lived[path], status="delivered").count()
        assert done == DAYS
        if path != "/recovers":
            assert len(ids) == len(set(ids)) == DAYS
    assert len(receiver.of("/410")) == 1

    # The first event of each that failed throughout: at the schedule, under one id, then dead.
    first = Event.objects.filter(type="integration.instance.status").earliest("pk")
    for path in PURE:
        delivery = Delivery.objects.get(sink=lived[path], event=first)
        tries = FailedAttempt.objects.filter(delivery=delivery).order_by("number")
        assert [row.number for row in tries] == list(range(1, len(tries) + 1))
        times = [row.started_at for row in tries]
        for wait, (one, two) in zip(WAITS, itertools.pairwise(times), strict=False):
            gap = (two - one).total_seconds()
            least = max(wait, 600) if path == "/429" else wait
            most = least * (1 + SPREAD) + (700 if path == "/429" else 120)
            assert wait * (1 - SPREAD) <= gap <= most, (path, wait, gap)
        if path != "/429":
            # The spread decides whether the sink was off before the last of them.
            ends = {("dead", len(WAITS) + 1), ("pending", len(WAITS))}
            assert (delivery.status, len(tries)) in ends, path

    ids = defaultdict(set)
    for hit in receiver.hits:
        ids[hit.path, hit.headers["webhook-id"]].add(hit.body)
    assert all(len(bodies) == 1 for bodies in ids.values())

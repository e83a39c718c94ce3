"""Promise 56: an endpoint that hangs delays no other.

The short form runs with the suite; `HUB_FAULTS=full` has the size of docs/reliability.md.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict

import pytest

from integration_hub.coordination import dbtime
from integration_hub.events import relay, services
from integration_hub.events.choices import EventType
from integration_hub.events.models import Delivery, Event, EventSink
from tests.events.receiver import HANG
from tests.faults import figures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

ENDPOINTS, SUBJECTS = 20, 50
EVENTS = figures.size(1000, 50)
PATHS = tuple(f"/endpoint-{number}" for number in range(ENDPOINTS))
DEAD, *OTHERS = PATHS
PATIENCE_S = 300.0


@pytest.fixture
def endpoints(webhook):
    """Twenty sinks that took events before, so that each may have several at once."""
    for path in PATHS:
        webhook(path)
    EventSink.objects.update(proven_at=dbtime.now())


def late_at_others(receiver, *, dead: bool) -> list[float]:
    """Emit the events, deliver them, and how many seconds each took to reach each of the others."""
    Event.objects.all().delete()
    for n in range(EVENTS):
        data = {"state": "connected", "n": n}
        subject = f"acme-{n % SUBJECTS}"
        services.emit(type=EventType.INSTANCE_STATUS, subject=subject, data=data)
    came: dict[str, dict[str, float]] = defaultdict(dict)

    def note(hit):
        came[hit.path].setdefault(hit.headers["webhook-id"], time.monotonic())
        return HANG if dead and hit.path == DEAD else 200

    receiver.says = dict.fromkeys(PATHS, note)
    began = time.monotonic()

    def stopped() -> bool:
        done = all(len(came[path]) == EVENTS for path in (OTHERS if dead else PATHS))
        if done or time.monotonic() > began + PATIENCE_S:
            receiver.let_go.set()  # nobody waits for the dead one any more
            return True
        return False

    with relay.Relay() as found:
        found.run(stopped)
    assert {path: len(came[path]) for path in OTHERS} == dict.fromkeys(OTHERS, EVENTS)
    return [at - began for path in OTHERS for at in came[path].values()]


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[94]


def test_one_endpoint_that_hangs_delays_none_of_nineteen(endpoints, receiver):
    base = p95(late_at_others(receiver, dead=False))
    assert not Delivery.objects.exclude(status="delivered").exists()

    beside = p95(late_at_others(receiver, dead=True))
    figures.write("fairness: others' p95 without a dead endpoint, ms", base * 1000)
    figures.write("fairness: others' p95 beside a dead endpoint, ms", beside * 1000)
    waiting = Delivery.objects.filter(status="pending").values_list("sink__name", flat=True)
    assert set(waiting) == {f"webhook {DEAD}"}
    assert beside <= 2 * base

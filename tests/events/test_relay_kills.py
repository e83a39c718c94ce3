"""Promises 57 and 58: relays are killed while they deliver; nothing is missing or out of turn."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection

from executor.delivery.processes import die_with_parent
from integration_hub.coordination import dbtime
from integration_hub.events import services
from integration_hub.events.choices import EventType
from integration_hub.events.models import Delivery, EventSink
from integration_hub.events.sink_services import create_sink
from tests.events.conftest import SECRET
from tests.faults import figures

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(400),
]

RELAYS, LEASE = 3, 3.0
EVENTS, KILLS, KEYS = figures.size(2000, 600), figures.size(20, 6), 50
EACH_KILL_DOUBLES = 600  # what one relay may have under way: its claim, and what is unmarked


def start_relay() -> subprocess.Popen[bytes]:
    place = connection.settings_dict
    login = place["USER"] + (f":{place['PASSWORD']}" if place["PASSWORD"] else "")
    url = f"postgres://{login}@{place['HOST']}:{place['PORT'] or 5432}/{place['NAME']}"
    return subprocess.Popen(
        [sys.executable, "-m", "tests.events.relay_process", str(LEASE)],
        env=os.environ | {"DATABASE_URL": url, "HUB_OUTBOUND_ALLOW": "127.0.0.0/8"},
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - it only sets a signal
    )


@contextlib.contextmanager
def relays():
    running = [start_relay() for _ in range(RELAYS)]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait()


def kill_one_at_work(running: list[subprocess.Popen[bytes]], rng: random.Random) -> None:
    """One of them, any, once deliveries are under way."""
    under_way = Delivery.objects.filter(status="pending", lease_until__gt=dbtime.Now())
    end = time.monotonic() + 20
    while under_way.count() < 5 and time.monotonic() < end:
        time.sleep(0.002)
    victim = rng.randrange(RELAYS)
    running[victim].kill()
    running[victim].wait()
    running[victim] = start_relay()


def slowly(hit) -> int:
    time.sleep(0.004)
    return 200


def order_of_arrival(receiver) -> dict[str, list[int]]:
    """For each subject, the numbers of the events that it took, each where it came first."""
    found: dict[str, list[int]] = {}
    for hit in receiver.hits:
        event = json.loads(hit.body)
        numbers = found.setdefault(event["subject"], [])
        if event["data"]["n"] not in numbers:
            numbers.append(event["data"]["n"])
    return found


def test_relays_that_are_killed_lose_nothing_and_keep_the_order(receiver):
    EventSink.objects.all().delete()
    receiver.says["/hook"] = slowly
    config = {"url": receiver.url(), "secret": SECRET}
    create_sink(document={"name": "one", "type": "webhook", "config": config}, actor="tests")
    rng, killed, emitted = random.Random(57), 0, {}
    with relays() as running:
        for n in range(EVENTS):
            subject = f"key-{n % KEYS}"
            event = services.emit(
                type=EventType.INSTANCE_STATUS,
                subject=subject,
                data={"state": "connected", "n": n},
            )
            emitted[str(event.pk)] = n
            if n % (EVENTS // KILLS) == EVENTS // KILLS - 1:
                kill_one_at_work(running, rng)
                killed += 1
        end = time.monotonic() + 120
        while Delivery.objects.filter(status="delivered").count() < EVENTS:
            assert time.monotonic() < end, Counter(Delivery.objects.values_list("status"))
            time.sleep(0.2)
    arrived = Counter(hit.headers["webhook-id"] for hit in receiver.hits)
    doubles = sum(arrived.values()) - len(arrived)
    inversions = sum(
        one > two
        for numbers in order_of_arrival(receiver).values()
        for one, two in itertools.pairwise(numbers)
    )
    figures.write("Promise 57: events", EVENTS)
    figures.write("Promise 57: relays killed", killed)
    figures.write("Promise 57: missing", len(emitted.keys() - arrived.keys()))
    figures.write("Promise 57: duplicates, all under their old id", doubles)
    figures.write("Promise 57: inversions in a key", inversions)
    assert set(arrived) == set(emitted)
    assert inversions == 0
    assert doubles <= killed * EACH_KILL_DOUBLES

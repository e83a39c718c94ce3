"""The relay: at least once, in order per sink and subject; a failing head blocks only its key."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest
from django.db import connections, transaction

from integration_hub.coordination import dbtime
from integration_hub.events import planning, relay, services
from integration_hub.events.choices import DeliveryStatus, EventType
from integration_hub.events.models import Delivery, Event, EventSink
from integration_hub.events.schedule import WAITS, wait_after
from integration_hub.events.sink_config import store_config

pytestmark = pytest.mark.django_db


def emit(subject="acme", n=0):
    return services.emit(
        type=EventType.INSTANCE_STATUS, subject=subject, data={"state": "connected", "n": n}
    )


def drain():
    while relay.relay_once():
        pass


def due_now():
    Delivery.objects.filter(status=DeliveryStatus.PENDING).update(
        due_at=dbtime.now() - timedelta(seconds=1), lease_until=None
    )


def statuses():
    return sorted(Delivery.objects.values_list("status", flat=True))


def test_an_event_reaches_its_sink_once(sink, recorder):
    row = emit()
    drain()
    assert recorder.seen() == [str(row.pk)]
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.lease_until) == ("delivered", 1, None)
    assert delivery.delivered_at is not None
    assert relay.relay_once() == 0


def test_events_go_in_the_order_of_their_facts(sink, recorder):
    for n in range(120):
        emit(subject=f"s{n % 3}", n=n)
    drain()
    for subject in ("s0", "s1", "s2"):
        numbers = [e["data"]["n"] for e in recorder.got if e["subject"] == subject]
        assert numbers == sorted(numbers)
        assert len(numbers) == 40


def test_a_small_limit_does_not_change_the_order(sink, recorder):
    for n in range(25):
        emit(n=n)
    while relay.relay_once(limit=4):
        pass
    assert [e["data"]["n"] for e in recorder.got] == list(range(25))


def test_a_failing_head_blocks_its_own_key_only(sink, recorder):
    for n in range(3):
        emit("bad", n)
        emit("good", n)
    recorder.refuse = lambda event: event["subject"] == "bad"
    drain()
    assert recorder.seen("subject") == ["good"] * 3
    attempts = (
        Delivery.objects.filter(subject="bad")
        .order_by("event_id")
        .values_list("attempts", flat=True)
    )
    assert list(attempts) == [1, 0, 0]
    emit("bad", 3)
    drain()
    assert recorder.seen("subject") == ["good"] * 3
    recorder.refuse = lambda event: False
    due_now()
    drain()
    assert [e["data"]["n"] for e in recorder.got if e["subject"] == "bad"] == [0, 1, 2, 3]


def test_one_sink_that_fails_does_not_hold_up_another(sink, recorder):
    EventSink.objects.create(name="broken", type="gone", config="{}")
    emit()
    drain()
    assert len(recorder.got) == 1
    broken = Delivery.objects.get(sink__name="broken")
    assert broken.status == "pending"
    assert "gone" in broken.last_error


def test_a_refusal_is_tried_again_after_the_time_of_the_schedule(sink, recorder):
    emit()
    recorder.refuse = lambda event: True
    for number, wait in enumerate(WAITS, start=1):
        drain()
        delivery = Delivery.objects.get()
        left = (delivery.due_at - dbtime.now()).total_seconds()
        assert delivery.attempts == number
        assert wait * 0.8 - 5 <= left <= wait * 1.2
        assert "the receiver said no" in delivery.last_error
        due_now()
    drain()
    assert statuses() == ["dead"]
    assert recorder.got == []


def test_the_schedule_is_the_contracts():
    assert WAITS[:8] == (2, 10, 60, 300, 1800, 7200, 21600, 43200)
    assert sum(WAITS) <= 5 * 86400 < sum(WAITS) + 86400
    rng = random.Random(1)
    for attempts, wait in enumerate(WAITS, start=1):
        drawn = [wait_after(attempts, rng) for _ in range(200)]
        assert min(drawn) >= wait * 0.8
        assert max(drawn) <= wait * 1.2
        assert max(drawn) > wait > min(drawn)
    assert wait_after(len(WAITS) + 1) is None


def test_the_dead_no_longer_block_those_behind_them(sink, recorder):
    emit(n=0)
    emit(n=1)
    recorder.refuse = lambda event: event["data"]["n"] == 0
    drain()
    Delivery.objects.filter(attempts=1).update(status=DeliveryStatus.DEAD)
    drain()
    assert [e["data"]["n"] for e in recorder.got] == [1]


def test_a_relay_that_dies_between_delivery_and_mark_repeats_under_the_same_id(
    sink, recorder, monkeypatch
):
    row = emit()
    with monkeypatch.context() as killed:
        killed.setattr(relay, "mark", lambda *_: None)  # as if killed before the mark
        relay.relay_once()
    assert recorder.seen() == [str(row.pk)]
    assert relay.relay_once() == 0  # its lease still holds
    Delivery.objects.update(lease_until=dbtime.now() - timedelta(seconds=1))
    drain()
    assert recorder.seen() == [str(row.pk)] * 2
    assert Delivery.objects.get().attempts == 2


def test_a_relay_whose_lease_was_taken_over_marks_nothing(sink, recorder):
    emit()
    with relay.Relay() as slow:
        slow.begin()
        taken = dbtime.now() + timedelta(seconds=500)
        Delivery.objects.update(lease_until=taken)
        slow.finish()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.lease_until) == ("pending", taken)


def test_what_another_relay_holds_is_left_alone_and_blocks_its_key(sink, recorder):
    emit("held", 0)
    now = dbtime.now()
    planning.fan_out(now=now, limit=10)
    assert len(planning.claim(now=now, limit=10)) == 1
    emit("held", 1)
    emit("free", 2)
    drain()
    assert recorder.seen("subject") == ["free"]


def test_what_is_not_begun_in_time_is_given_back(sink, recorder, monkeypatch):
    monkeypatch.setattr(relay, "BEGIN_WITHIN", -1.0)
    emit("a")
    emit("b")
    with relay.Relay() as late:
        late.begin()
        late.finish()
    assert late.attempted == 0
    assert list(Delivery.objects.values_list("attempts", "lease_until")) == [(0, None)] * 2


def test_filters_choose_types_and_subjects(sink, recorder):
    sink.filters = '{"types":["integration.instance.*"],"subjects":["acme*"]}'
    sink.save()
    emit("acme-1")
    emit("other")
    services.emit(type=EventType.CONNECTED, subject="acme-1", data={"instance_id": "1"})
    drain()
    assert recorder.seen("subject") == ["acme-1"]
    assert Event.objects.filter(fanned_out=False).count() == 0


def test_a_disabled_sink_hears_nothing_and_keeps_what_waits(sink, recorder):
    emit()
    planning.fan_out(now=dbtime.now(), limit=10)
    sink.enabled = False
    sink.save()
    emit()
    drain()
    assert recorder.got == []
    assert statuses() == ["pending"]
    sink.enabled = True
    sink.save()
    drain()
    assert len(recorder.got) == 1


def test_a_secret_config_is_opened_for_the_delivery_alone(sink, recorder):
    store_config(sink, recorder, {"url": "u", "token": "s3cr3t-token"})
    sink.save()
    assert "s3cr3t" not in sink.config
    emit()
    drain()
    assert recorder.configs == [{"url": "u", "token": "s3cr3t-token"}]


def test_an_idle_relay_only_reads(sink, django_assert_num_queries):
    emit()
    drain()
    with django_assert_num_queries(3):
        assert relay.relay_once() == 0


def test_the_cost_of_a_batch_does_not_grow_with_its_size(
    sink, recorder, django_assert_max_num_queries
):
    for n in range(50):
        emit(n=n)
    with django_assert_max_num_queries(21):
        relay.relay_once()
    assert len(recorder.got) == 50


class RefusesOnce:
    """Says no to every tenth event, the first time that it comes."""

    def __init__(self) -> None:
        self.lock, self.refused = threading.Lock(), set()

    def __call__(self, event):
        with self.lock:
            new = event["id"] not in self.refused and event["data"]["n"] % 10 == 0
            self.refused.add(event["id"])
        return new


def let_no_retry_wait() -> None:
    """Only rows that nobody writes now: two such updates at once would lock each other out."""
    free = Delivery.objects.filter(status="pending", lease_until=None)
    with transaction.atomic():
        mine = list(free.select_for_update(skip_locked=True).values_list("pk", flat=True))
        Delivery.objects.filter(pk__in=mine).update(due_at=dbtime.now())


def relay_until_all_is_delivered(done: threading.Event) -> None:
    pending = Delivery.objects.filter(status="pending")
    try:
        while not done.is_set():
            if not relay.relay_once(limit=40):
                let_no_retry_wait()
                if not pending.exists():
                    done.set()
    finally:
        connections.close_all()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_several_relays_miss_nothing_double_nothing_and_keep_the_order(recorder):
    EventSink.objects.all().delete()
    EventSink.objects.create(name="recorder", type="recorder", config='{"url":"x"}')
    recorder.refuse = RefusesOnce()
    for n in range(600):
        emit(subject=f"k{n % 12}", n=n)
    done = threading.Event()
    threads = [
        threading.Thread(target=relay_until_all_is_delivered, args=(done,)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(recorder.got) == len(set(recorder.seen())) == 600
    for key in range(12):
        numbers = [e["data"]["n"] for e in recorder.got if e["subject"] == f"k{key}"]
        assert numbers == sorted(numbers)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("linger", "taken"), [(0.0, 1), (5.0, 2)])
def test_a_relay_that_lingers_takes_what_comes_next(sink, recorder, linger, taken):
    """Without it the next event waits for the pacer."""
    emit(n=1)
    late = threading.Timer(0.5, lambda: (emit(n=2), connections.close_all()))

    def stopped() -> bool:
        return len(recorder.got) > 1

    late.start()
    with relay.Relay() as found:
        found.run(stopped, linger=linger)
    late.join()
    assert len(recorder.got) == taken

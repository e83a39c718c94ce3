from __future__ import annotations

import pytest
from django_q.models import OrmQ

from executor.delivery import life, node, nudge
from executor.delivery.constants import LIVELY, STUCK_AFTER
from executor.delivery.watch import Verdict, Watchdog
from integration_hub.coordination import heartbeat
from integration_hub.coordination.models import Heartbeat

pytestmark = pytest.mark.django_db


def canaries() -> int:
    return OrmQ.objects.filter(key=nudge.key_of(node.canary_queue())).count()


@pytest.fixture
def watchdog(fake_clock) -> Watchdog:
    fake_clock.advance(100)
    return Watchdog()


def show(kind: str) -> None:
    heartbeat.beat(kind, node.current.name)


def silence() -> None:
    Heartbeat.objects.all().delete()


def test_a_silent_cluster_is_asked_for_a_sign_of_life(watchdog):
    watchdog.look()
    watchdog.look()
    assert canaries() == 1


def test_a_lively_cluster_is_not_asked(watchdog):
    show(life.WORKER)
    watchdog.look()
    assert canaries() == 0


def test_a_cluster_that_stays_silent_is_stuck_within_a_minute(watchdog, fake_clock):
    assert LIVELY + STUCK_AFTER <= 60
    show(life.PACER)
    assert watchdog.look() is Verdict.STOPPED
    fake_clock.advance(STUCK_AFTER)
    assert watchdog.look() is Verdict.CLUSTER_STUCK


def test_workers_of_another_host_do_not_vouch_for_this_cluster(watchdog, fake_clock):
    heartbeat.beat(life.WORKER, "another:1")
    show(life.PACER)
    fake_clock.advance(STUCK_AFTER)
    assert watchdog.look() is Verdict.CLUSTER_STUCK


def test_a_silent_pacer_is_restarted_too(watchdog, fake_clock):
    show(life.WORKER)
    fake_clock.advance(STUCK_AFTER)
    assert watchdog.look() is Verdict.PACER_STUCK


def test_all_is_well_while_both_show_themselves(watchdog, fake_clock):
    show(life.WORKER)
    show(life.PACER)
    fake_clock.advance(STUCK_AFTER * 3)
    assert watchdog.look() is Verdict.STOPPED

import os
from datetime import timedelta

import pytest

from integration_hub.coordination import dbtime, heartbeat
from integration_hub.coordination.models import Heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def first_beat():
    heartbeat._begun.clear()


def beat_of_another(name, kind="worker", seconds_ago=0, pid=1):
    seen = dbtime.now() - timedelta(seconds=seconds_ago)
    Heartbeat.objects.create(id=name, kind=kind, host="elsewhere", pid=pid, seen_at=seen)


def test_a_beat_says_who_lives_and_since_when():
    heartbeat.beat("worker", "drains")
    (row,) = heartbeat.alive("worker", 10)
    assert (row.kind, row.pid, row.detail) == ("worker", os.getpid(), "drains")
    assert abs(row.seen_at - dbtime.now()) < timedelta(seconds=5)


def test_the_next_beat_renews_the_same_row_in_one_statement(django_assert_num_queries):
    heartbeat.beat("worker", "one")
    Heartbeat.objects.update(seen_at=dbtime.now() - timedelta(seconds=100))
    with django_assert_num_queries(1, exact=False) as queries:
        heartbeat.beat("worker", "two")
    written = [q for q in queries if q["sql"].startswith("INSERT")]
    assert len(written) == 1
    (row,) = heartbeat.alive("worker", 10)
    assert row.detail == "two"


def test_who_did_not_beat_lately_is_not_alive():
    beat_of_another("a", seconds_ago=30)
    beat_of_another("b", seconds_ago=5)
    beat_of_another("c", kind="web")
    assert [row.id for row in heartbeat.alive("worker", 10)] == ["b"]
    assert [row.id for row in heartbeat.alive("worker", 60)] == ["b", "a"]


def test_processes_are_counted_once_whatever_they_beat_as():
    heartbeat.beat("web")
    heartbeat.beat("pacer")
    beat_of_another("a", pid=1)
    beat_of_another("b", kind="web", pid=1)
    beat_of_another("c", pid=2, seconds_ago=120)
    assert heartbeat.count_processes(60) == 2


def test_who_leaves_is_gone_at_once():
    heartbeat.beat("worker")
    heartbeat.leave("worker")
    assert heartbeat.alive("worker", 10) == []


def test_the_first_beat_clears_away_what_died_long_ago():
    beat_of_another("old", seconds_ago=2 * 86_400)
    beat_of_another("young", seconds_ago=3_600)
    heartbeat.beat("worker")
    assert set(Heartbeat.objects.values_list("id", flat=True)) >= {"young"}
    assert not Heartbeat.objects.filter(id="old").exists()


def test_a_long_detail_is_cut_to_its_column():
    heartbeat.beat("worker", "x" * 500)
    assert len(Heartbeat.objects.get().detail) == 200

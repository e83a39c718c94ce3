import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from integration_hub.coordination import dbtime
from integration_hub.coordination.models import LeaseRow
from integration_hub.lib import clock
from tests import skew

pytestmark = pytest.mark.django_db


def test_now_is_the_databases_time_in_utc(django_assert_num_queries):
    with django_assert_num_queries(1):
        now = dbtime.now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_fake_clock_does_not_move_the_databases_time(fake_clock):
    fake_clock.advance(10**6)
    assert abs(dbtime.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_now_can_be_written_and_compared_in_queries():
    LeaseRow.objects.create(name="past", until=dbtime.now() - timedelta(seconds=5))
    LeaseRow.objects.create(name="future", until=dbtime.Now() + timedelta(seconds=5))
    LeaseRow.objects.create(name="now", until=dbtime.now().replace(microsecond=0))
    due = LeaseRow.objects.filter(until__lte=dbtime.Now()).order_by("name")
    assert [row.name for row in due] == ["now", "past"]
    row = LeaseRow.objects.get(name="future")
    assert timedelta(seconds=3) < row.until - dbtime.now() <= timedelta(seconds=5)


@pytest.fixture
def machine():
    """Whatever the test says of the machine's clock is forgotten afterwards."""
    yield
    clock.set_right(datetime.now(UTC), datetime.now(UTC))


def test_a_look_sets_the_hubs_clock_right(machine):
    clock.set_right(datetime.now(UTC) + timedelta(minutes=5), datetime.now(UTC))
    assert timedelta(minutes=4) < clock.now() - datetime.now(UTC) < timedelta(minutes=6)
    dbtime.now()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    assert clock.ahead() == timedelta()


def test_a_fake_clock_is_not_set_right(fake_clock, machine):
    before = clock.now()
    dbtime.now()
    assert clock.now() == before
    assert clock.ahead() == timedelta()


_TELLS = """
import django; django.setup()
from datetime import UTC, datetime
from integration_hub.coordination import dbtime
from integration_hub.lib import clock
theirs = dbtime.now()
print((datetime.now(UTC) - theirs).total_seconds(), (clock.now() - theirs).total_seconds())
"""


@pytest.mark.postgres
@pytest.mark.parametrize(("apart", "seconds"), [("+5m", 300), ("-5m", -300)])
def test_a_process_whose_machine_is_wrong_goes_by_the_databases_clock(apart, seconds):
    done = subprocess.run(
        [sys.executable, "-c", _TELLS],
        env=os.environ | skew.environment(apart),
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    machine_off, hub_off = map(float, done.stdout.split())
    assert machine_off == pytest.approx(seconds, abs=5)
    assert abs(hub_off) < 5

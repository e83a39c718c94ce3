from datetime import UTC, datetime, timedelta

import pytest

from integration_hub.coordination import dbtime
from integration_hub.coordination.models import LeaseRow

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

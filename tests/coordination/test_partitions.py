from datetime import UTC, datetime

import pytest
from django.db import connection

from executor.models import Payload
from integration_hub.coordination.partitions import ensure_partitions, month_start
from integration_hub.lib.ids import floor_id, new_id


@pytest.mark.parametrize(
    ("ahead", "expected"), [(0, (2026, 11)), (1, (2026, 12)), (2, (2027, 1)), (-11, (2025, 12))]
)
def test_months_are_counted_over_the_end_of_the_year(ahead, expected):
    start = month_start(datetime(2026, 11, 23, 5, tzinfo=UTC), ahead)
    assert (start.year, start.month, start.day, start.hour) == (*expected, 1, 0)


def tables_of(row):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM executor_payload WHERE id = %s", [row])
        return cursor.fetchone()[0]


@pytest.mark.postgres
@pytest.mark.django_db
def test_partitions_are_made_ahead_once_and_rows_go_into_their_month():
    future = datetime(2031, 11, 30, tzinfo=UTC)
    made = ensure_partitions("executor_payload", now=future, ahead=2)
    assert made == ["executor_payload_203111", "executor_payload_203112", "executor_payload_203201"]
    assert ensure_partitions("executor_payload", now=future, ahead=2) == []
    key = floor_id(datetime(2031, 12, 1, tzinfo=UTC))
    Payload.objects.create(id=key)
    assert tables_of(key) == "executor_payload_203112"


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_row_of_this_month_has_a_partition_and_any_other_still_has_a_home():
    now, far = new_id(), floor_id(datetime(2050, 1, 1, tzinfo=UTC))
    for key in (now, far):
        Payload.objects.create(id=key)
    assert tables_of(now) == f"executor_payload_{datetime.now(UTC):%Y%m}"
    assert tables_of(far) == "executor_payload_default"


@pytest.mark.django_db
def test_elsewhere_there_is_nothing_to_make(on_postgres):
    if not on_postgres:
        assert ensure_partitions("executor_payload", now=datetime.now(UTC)) == []

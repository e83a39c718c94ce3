"""Statements kept by a connection: right whatever happens to the connection."""

import threading
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from integration_hub.coordination import prepared

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ECHO = "SELECT CAST(%s AS text), CAST(%s AS bigint), CAST(%s AS text)"


def fetch(query=ECHO, params=("a", 1, None)):
    return prepared.fetch("default", query, params)


def as_text(rows):
    return [[None if value is None else str_of(value) for value in row] for row in rows]


def str_of(value):
    return str(value) if isinstance(value, int) else prepared.str_of(value)


def test_values_arrive_as_they_were_given_in_and_outside_of_a_transaction():
    values = ("é\"'\\%s $1 🙂", -(2**62), None)
    outside = as_text(fetch(params=values))
    with transaction.atomic():
        inside = as_text(fetch(params=values))
    assert outside == inside == [[values[0], str(values[1]), None]]


def test_every_plain_type_reads_back_as_itself():
    now, key = datetime(2026, 2, 3, 4, 5, 6, 789, UTC), uuid4()
    query = (
        "SELECT CAST(%s AS timestamptz) = CAST(%s AS timestamptz), CAST(%s AS uuid)::text,"
        " CAST(%s AS boolean)::text, CAST(%s AS double precision)::text"
    )
    [row] = as_text(fetch(query, (now, "2026-02-03 04:05:06.000789+00", key, True, 0.1 + 0.2)))
    assert row == ["t", str(key), "true", "0.30000000000000004"]


def test_the_driver_may_forget_its_statements():
    assert fetch()
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert as_text(fetch()) == [["a", "1", None]]
    assert as_text(fetch()) == [["a", "1", None]]


@transaction.atomic
def fetch_and_fail():
    fetch()
    raise ZeroDivisionError


def test_a_rollback_between_two_calls_changes_nothing():
    assert fetch()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fetch_and_fail()
        assert as_text(fetch()) == [["a", "1", None]]


def test_a_fault_of_the_statement_is_the_database_error_that_a_cursor_raises():
    assert fetch()
    for _ in range(2):
        with pytest.raises(DatabaseError, match="division by zero"):
            fetch("SELECT 1 / CAST(%s AS integer)", (0,))
    assert fetch()


def test_a_text_with_a_nul_is_refused_and_never_cut():
    with pytest.raises((DatabaseError, ValueError), match="NUL"):
        fetch(params=("a\0b", 1, None))


def test_others_run_while_a_statement_waits():
    seen = []

    def wait():
        fetch("SELECT pg_sleep(CAST(%s AS double precision))", (0.3,))
        seen.append("slept")
        connection.close()

    sleeper = threading.Thread(target=wait)
    sleeper.start()
    fetch()
    seen.append("answered")
    sleeper.join(10)
    assert seen == ["answered", "slept"]

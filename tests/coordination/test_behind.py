"""Rows written after the answer: in batches, none lost when the process stops in order."""

import os
import threading

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from integration_hub.coordination import behind
from integration_hub.coordination.behind import Behind
from integration_hub.coordination.models import BucketRow, TurnRow
from tests.coordination.conftest import forked

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def later():
    made = Behind(allowed=True)
    yield made
    made.close()


def rows(name):
    return [BucketRow(scope=name, arrival=1.0), TurnRow(scope=name, ends=1.0)]


def stored():
    assert TurnRow.objects.count() == BucketRow.objects.count()
    return BucketRow.objects.count()


def test_a_process_that_did_not_allow_it_writes_at_once():
    Behind().write(rows("a"))
    assert stored() == 1
    assert not behind.is_allowed()


def test_inside_a_transaction_rows_are_the_transactions(later):
    with transaction.atomic():
        later.write(rows("a"))
        assert stored() == 1
        transaction.set_rollback(True)
    assert stored() == 0


def test_what_was_put_can_be_read_after_a_flush(later):
    for number in range(77):
        later.write(rows(str(number)))
    later.flush()
    assert stored() == 77


def test_closing_writes_what_waits_and_later_rows_at_once(later):
    for number in range(40):
        later.write(rows(str(number)))
    later.close()
    assert stored() == 40
    later.write(rows("late"))
    assert stored() == 41


def test_a_full_queue_is_written_by_who_asks(later, monkeypatch):
    monkeypatch.setattr(behind, "MAX_WAITING", 0)
    later.write(rows("a"))
    assert stored() == 1


def test_one_that_cannot_be_stored_takes_no_other_along(later):
    BucketRow.objects.create(scope="3", arrival=1.0)
    TurnRow.objects.create(scope="3", ends=1.0)
    for number in range(8):
        later.write(rows(str(number)))
    later.flush()
    assert stored() == 8


def test_done_at_once_the_fault_is_the_callers():
    BucketRow.objects.create(scope="a", arrival=1.0)
    with pytest.raises(IntegrityError):
        Behind().write(rows("a"))


def test_a_database_that_is_away_for_a_while_loses_nothing(later, monkeypatch):
    away = iter([OperationalError(), OperationalError()])
    real = behind.write_together

    def write(**given):
        for error in away:
            raise error
        return real(**given)

    monkeypatch.setattr(behind, "write_together", write)
    later.write(rows("a"))
    later.flush()
    assert stored() == 1


def test_many_threads_lose_nothing(later):
    def put(number):
        for turn in range(25):
            later.write(rows(f"{number}:{turn}"))
        connection.close()

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    later.flush()
    assert stored() == 200


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_begins_with_nothing_and_writes_its_own(monkeypatch):
    monkeypatch.setattr(behind, "_behind", Behind(allowed=True))
    behind.write(rows("parent"))
    parent = behind._behind

    def child():
        assert behind._behind is not parent
        behind.write(rows(f"child {os.getpid()}"))
        behind.close()

    assert forked(child) == 0
    behind.close()
    assert stored() == 2

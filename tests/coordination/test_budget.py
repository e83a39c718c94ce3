"""The retry budget of a scope, over processes: handed over only with a retry."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from integration_hub.coordination import budget
from integration_hub.coordination.models import BudgetRow
from integration_hub.lib import clock


@pytest.fixture(autouse=True)
def _fresh():
    budget.forget()
    yield
    budget.forget()


def spend_all(scope="a"):
    made = 0
    while budget.spend(scope):
        made += 1
    return made


def test_a_first_try_costs_no_statement(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        for _ in range(100):
            budget.count_first("a")


def test_first_tries_of_this_process_pay_for_its_retries(db):
    for _ in range(100):
        budget.count_first("a")
    assert spend_all() == 10
    assert spend_all("b") == 3


def test_first_tries_are_not_lost_by_a_retry_that_was_refused(db):
    for _ in range(29):
        budget.count_first("a")
    assert spend_all() == 3
    for _ in range(21):
        budget.count_first("a")
    assert spend_all() == 2


def test_what_another_process_handed_over_counts_here(db):
    for _ in range(100):
        budget.count_first("a")
    assert budget.spend("a")
    budget.forget()  # as a process that has counted nothing itself
    assert spend_all() == 9


def test_a_retry_that_was_asked_for_is_made_and_counted(db):
    assert spend_all() == 3
    assert budget.spend("a", asked_for=True)
    assert BudgetRow.objects.get(scope="a").slots.endswith(":4")


def test_a_minute_later_there_is_a_new_budget(db):
    with clock.use(clock.FakeClock()) as time:
        assert spend_all() == 3
        time.advance(61)
        assert spend_all() == 3


def test_a_host_whose_clock_is_behind_gets_no_budget_of_its_own(db):
    with clock.use(clock.FakeClock()) as time:
        assert spend_all() == 3
        time.advance(-7)
        assert spend_all() == 0


@pytest.mark.django_db(transaction=True)
def test_threads_that_fail_together_never_get_more_than_the_budget():
    allowed = []

    def fail() -> None:
        allowed.extend(1 for _ in range(5) if budget.spend("a"))
        connection.close()

    threads = [threading.Thread(target=fail) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) <= 3
    assert BudgetRow.objects.get(scope="a").slots.endswith(f":{len(allowed)}")

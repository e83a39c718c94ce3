"""A scope that its external system wants left alone: held for all, then one goes first."""

from __future__ import annotations

import pytest

from integration_hub.coordination import holds, revision
from integration_hub.coordination.models import HoldKind, HoldRow
from integration_hub.lib import clock
from integration_hub.lib.errors import RateLimitExceeded

REFUSED, SPENT = HoldKind.REFUSED, HoldKind.SPENT


@pytest.fixture
def time(db):
    revision.forget()
    with clock.use(clock.FakeClock()) as fake:
        yield fake
    revision.forget()


def wait_of(scope="a"):
    """The seconds a call is refused for; 0 when it may go, -1 when it goes first."""
    try:
        return -1 if holds.enter(scope, probe_seconds=30) else 0
    except RateLimitExceeded as error:
        return error.retry_after


def test_nothing_held_costs_nothing_but_the_snapshot(time, django_assert_num_queries):
    with revision.scope():
        revision.snapshot()
        with django_assert_num_queries(0):
            assert wait_of() == 0


def test_a_hold_elsewhere_costs_one_statement_a_change(time, django_assert_num_queries):
    holds.hold("b", 100, kind=REFUSED)
    assert wait_of() == 0
    with revision.scope():
        revision.snapshot()
        with django_assert_num_queries(0):
            assert wait_of() == 0


def test_a_held_scope_is_held_for_every_process_and_says_for_how_long(time):
    holds.hold("a", 10, kind=REFUSED)
    assert wait_of() == pytest.approx(10)
    revision.forget()  # as a process that has seen nothing yet
    time.advance(4)
    assert wait_of() == pytest.approx(6)
    assert wait_of("b") == 0


def test_after_a_refusal_one_call_goes_first_and_the_rest_follow_when_it_was_good(time):
    holds.hold("a", 10, kind=REFUSED)
    time.advance(10)
    assert wait_of() == -1
    assert wait_of() == 1
    holds.lift("a")
    assert wait_of() == 0


def test_a_first_call_that_is_refused_holds_the_rest_anew(time):
    holds.hold("a", 10, kind=REFUSED)
    time.advance(10)
    assert wait_of() == -1
    holds.hold("a", 5, kind=REFUSED, first=True)
    assert wait_of() == pytest.approx(5)


def test_a_first_call_whose_process_dies_gives_way_to_the_next(time):
    holds.hold("a", 10, kind=REFUSED)
    time.advance(10)
    assert wait_of() == -1
    time.advance(30)
    assert wait_of() == -1


def test_of_those_that_saw_the_same_hold_end_one_goes_first(time):
    holds.hold("a", 10, kind=REFUSED)
    time.advance(10)
    with revision.scope():
        revision.snapshot()
        assert wait_of() == -1
        HoldRow.objects.filter(scope="a").update(until=clock.now().timestamp() + 30)
    assert wait_of() == 1


def test_a_quota_that_is_whole_again_needs_nobody_to_go_first(time):
    holds.hold("a", 10, kind=SPENT)
    assert wait_of() == pytest.approx(10)
    time.advance(10)
    assert wait_of() == wait_of() == 0


def test_the_longest_wait_stands_and_is_at_most_an_hour(time):
    holds.hold("a", 10**9, kind=REFUSED)
    holds.hold("a", 5, kind=SPENT)
    assert wait_of() == pytest.approx(3600)


def test_many_calls_that_are_refused_together_write_once(time, django_assert_max_num_queries):
    holds.hold("a", 5, kind=REFUSED)
    with revision.scope():
        wait_of()
        with django_assert_max_num_queries(0):
            for _ in range(20):
                holds.hold("a", 5.01, kind=REFUSED)


def test_a_hold_that_nobody_came_back_to_is_forgotten(time):
    holds.hold("a", 10, kind=REFUSED)
    time.advance(10 + holds.FORGOTTEN_AFTER_S + 1)
    assert wait_of() == 0


def test_holds_are_lifted_by_prefix(time):
    holds.hold("one:a", 10, kind=REFUSED)
    holds.hold("two:a", 10, kind=REFUSED)
    holds.lift_all("one:")
    assert wait_of("one:a") == 0
    assert wait_of("two:a") == pytest.approx(10)

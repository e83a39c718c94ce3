from __future__ import annotations

import pytest

from executor.health_state import HealthState


def after(*results: bool, start: str = "unknown") -> HealthState:
    state = HealthState(start)
    for ok in results:
        state = state.after(ok=ok)
    return state


def test_two_failures_change_nothing():
    assert after(False, False, start="healthy").health == "healthy"


def test_the_third_failure_in_a_row_is_unhealthy():
    assert after(False, False, False, start="healthy").health == "unhealthy"


def test_a_success_between_starts_the_count_again():
    assert after(False, False, True, False, False, start="healthy").health == "healthy"


def test_two_successes_in_a_row_are_healthy():
    assert after(True, start="unhealthy").health == "unhealthy"
    assert after(True, True, start="unhealthy").health == "healthy"


def test_one_result_leaves_the_unknown_unknown():
    assert after(True).health == after(False).health == "unknown"


def test_a_flapping_system_stays_what_it_was():
    assert after(*[True, False] * 10, start="healthy").health == "healthy"
    assert after(*[True, False] * 10, start="unhealthy").health == "unhealthy"


@pytest.mark.parametrize(
    ("state", "undecided"),
    [
        (HealthState(), True),
        (HealthState("healthy", failures=1), True),
        (HealthState("healthy", successes=9), False),
        (HealthState("unhealthy", failures=9), False),
    ],
)
def test_checks_come_sooner_only_while_something_is_undecided(state, undecided):
    assert state.undecided is undecided

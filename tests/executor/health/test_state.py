from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from executor.health.state import STABLE, HealthState, Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KINDS = {"+": Verdict.GOOD, "~": Verdict.SLOW, "-": Verdict.FAILED}


def after(verdicts: str, state: HealthState | str = "unknown", *, at=START, every=MINUTE):
    """The state after checks that were good (+), slow (~) or failed (-), a minute apart."""
    state = HealthState(state) if isinstance(state, str) else state
    for number, sign in enumerate(verdicts):
        state = state.after(KINDS[sign], at + number * every)
    return state


def changes(verdicts: str, start: str = "healthy") -> int:
    state, count = HealthState(start), 0
    for number, sign in enumerate(verdicts):
        before, state = state, state.after(KINDS[sign], START + number * MINUTE)
        count += state.health != before.health
    return count


@pytest.mark.parametrize(
    ("start", "verdicts", "health"),
    [
        ("healthy", "--", "healthy"),
        ("healthy", "---", "unhealthy"),
        ("healthy", "--+--", "healthy"),
        ("unhealthy", "+", "unhealthy"),
        ("unhealthy", "++", "healthy"),
        ("unknown", "+", "unknown"),
        ("unknown", "-", "unknown"),
        ("healthy", "~~", "healthy"),
        ("healthy", "~~~", "degraded"),
        ("degraded", "+", "degraded"),
        ("degraded", "++", "healthy"),
        ("degraded", "---", "unhealthy"),
        ("unhealthy", "~~~", "degraded"),
        ("unknown", "~~~", "degraded"),
        ("unhealthy", "+~+~", "degraded"),
        ("healthy", "+-" * 10, "healthy"),
        ("unhealthy", "+-" * 10, "unhealthy"),
    ],
)
def test_a_few_results_in_a_row_decide(start, verdicts, health):
    assert after(verdicts, start).health == health


def test_who_falls_again_soon_has_to_be_good_for_longer():
    again = after("---++---", "healthy")
    assert (again.health, again.needed, again.flapping) == ("unhealthy", 4, True)
    assert after("+++", again, at=START + 8 * MINUTE).health == "unhealthy"
    assert after("++++", again, at=START + 8 * MINUTE).health == "healthy"


def test_a_system_that_flaps_for_a_day_is_told_of_a_few_times():
    assert changes("---++" * 288) <= 5
    assert after("---++" * 20, "healthy").flapping


def test_an_hour_of_peace_forgets_the_relapses():
    again = after("---++---++++", "healthy")
    later = START + 11 * MINUTE + STABLE
    assert after("---", again, at=later).needed == 2


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

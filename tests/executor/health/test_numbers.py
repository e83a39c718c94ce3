"""The arithmetic of history and of due times."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.health import latency, pace
from executor.health.state import HealthState, Verdict
from executor.health.tally import Grain, Tally, of_check, start_of
from executor.health.traffic import Traffic, weighed
from integration_hub.lib.resilience.options import LimitOptions

MS = st.floats(0, 100_000)


def counted(values: list[float]) -> latency.Counts:
    counts = latency.NOTHING
    for value in values:
        counts = latency.observed(counts, value)
    return counts


@given(st.lists(MS, max_size=50))
def test_counts_survive_being_written(values):
    assert latency.read(latency.written(counted(values))) == counted(values)


@given(st.lists(MS, min_size=1, max_size=50), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_lies_in_the_bucket_of_the_value_that_has_it(values, share):
    found = latency.percentile(counted(values), share)
    rank = max(0, -int(-share * len(values) // 1) - 1)
    true = min(sorted(values)[rank], latency.BOUNDS_MS[-1])
    above = min(bound for bound in latency.BOUNDS_MS if bound >= true)
    below = max((bound for bound in latency.BOUNDS_MS if bound < true), default=0)
    assert below <= found <= above


def test_of_nothing_there_is_no_percentile():
    assert latency.percentile(latency.NOTHING, 0.5) is None


def test_maintenance_says_nothing_of_uptime():
    bad = of_check(Verdict.FAILED, 1.0, maintenance=True, calls=0, failed=0)
    good = of_check(Verdict.GOOD, 1.0, maintenance=False, calls=7, failed=1)
    assert (bad + good).uptime == 1.0
    assert (bad + good).excluded == 1
    assert bad.uptime is None
    assert (good + good).calls == 14


def test_what_was_answered_slowly_was_up():
    assert Tally(good=1, slow=1, failed=2).uptime == 0.5


@pytest.mark.parametrize(
    ("grain", "start"),
    [
        (Grain.MINUTE, datetime(2026, 5, 17, 13, 45, tzinfo=UTC)),
        (Grain.HOUR, datetime(2026, 5, 17, 13, tzinfo=UTC)),
        (Grain.DAY, datetime(2026, 5, 17, tzinfo=UTC)),
    ],
)
def test_spans_begin_on_the_clock(grain, start):
    assert start_of(grain, datetime(2026, 5, 17, 13, 45, 59, 999, tzinfo=UTC)) == start


def test_checks_take_no_more_than_a_tenth_of_a_rate():
    one_a_minute = LimitOptions(requests=1, per_seconds=60)
    assert pace.interval_within(60, one_a_minute) == 600
    assert pace.interval_within(60, LimitOptions(requests=100, per_seconds=60)) == 60
    assert pace.next_in(HealthState(), 60, one_a_minute, draw=lambda: 0.0) == 600


def test_due_times_are_spread():
    well = HealthState("healthy", successes=2)
    assert pace.next_in(well, 60, draw=lambda: 0.0) == 60
    assert pace.next_in(well, 60, draw=lambda: 1.0) == 57


@pytest.mark.parametrize(
    ("ok", "slow", "traffic", "verdict"),
    [
        (True, False, Traffic(), Verdict.GOOD),
        (True, True, Traffic(), Verdict.SLOW),
        (False, False, Traffic(), Verdict.FAILED),
        (True, False, Traffic(calls=10, failed=5), Verdict.SLOW),
        (True, False, Traffic(calls=4, failed=4), Verdict.GOOD),
        (False, False, Traffic(calls=10, failed=1), Verdict.SLOW),
        (False, False, Traffic(calls=10, failed=2), Verdict.FAILED),
    ],
)
def test_many_calls_outweigh_one_check(ok, slow, traffic, verdict):
    assert weighed(ok=ok, slow=slow, traffic=traffic) is verdict

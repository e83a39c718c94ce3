import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from integration_hub.lib.resilience import limiter
from integration_hub.lib.resilience.options import LimitOptions

NOW = 1_764_000_000.0


def drain(options, arrival, now):
    """How many tokens are there at `now`, and the state after taking them."""
    count = 0
    while (taken := limiter.take(options, arrival, now)).allowed:
        arrival, count = taken.arrival, count + 1
    return count, arrival


def test_a_new_bucket_holds_its_burst():
    assert drain(LimitOptions(requests=10, per_seconds=1, burst=7), 0.0, NOW)[0] == 7


def test_a_bucket_without_burst_holds_one_token():
    assert drain(LimitOptions(requests=10, per_seconds=1), 0.0, NOW)[0] == 1


def test_tokens_come_back_at_the_rate():
    options = LimitOptions(requests=10, per_seconds=1, burst=5)
    _, arrival = drain(options, 0.0, NOW)
    count, arrival = drain(options, arrival, NOW + 0.3)
    assert count == 3
    assert drain(options, arrival, NOW + 1000)[0] == 5


def test_a_refusal_says_when_the_next_token_is_there():
    options = LimitOptions(requests=2, per_seconds=1, burst=1)
    _, arrival = drain(options, 0.0, NOW)
    wait = limiter.take(options, arrival, NOW).retry_after
    assert wait == pytest.approx(0.5)
    assert limiter.take(options, arrival, NOW + wait).allowed


def test_a_refusal_takes_nothing():
    options = LimitOptions(requests=1, per_seconds=1, burst=1)
    _, arrival = drain(options, 0.0, NOW)
    assert limiter.take(options, arrival, NOW).arrival == arrival


def test_a_clock_set_back_by_an_hour_costs_one_token_not_an_hour():
    options = LimitOptions(requests=10, per_seconds=1, burst=5)
    _, arrival = drain(options, 0.0, NOW)
    wait = limiter.take(options, arrival, NOW - 3600).retry_after
    assert wait == pytest.approx(0.1)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    requests=st.integers(1, 1000),
    per=st.sampled_from([0.1, 1, 60, 3600]),
    burst=st.integers(0, 50),
    steps=st.lists(st.floats(0, 2), max_size=60),
)
def test_no_span_of_time_sees_more_than_rate_times_time_plus_burst(requests, per, burst, steps):
    options = LimitOptions(requests=requests, per_seconds=per, burst=burst)
    now, arrival, passed = NOW, 0.0, []
    for step in steps:
        now += step
        taken = limiter.take(options, arrival, now)
        arrival = taken.arrival
        if taken.allowed:
            passed.append(now)
    for start in range(len(passed)):
        for end in range(start, len(passed)):
            allowed = requests / per * (passed[end] - passed[start]) + max(1, burst)
            assert end - start + 1 <= allowed + 0.01


class BucketMachine(RuleBasedStateMachine):
    """GCRA against a bucket that counts its tokens: 5,000 steps."""

    @initialize(requests=st.integers(1, 20), burst=st.integers(0, 10))
    def begin(self, requests, burst):
        self.options = LimitOptions(requests=requests, per_seconds=1, burst=burst)
        self.now, self.arrival = NOW, 0.0
        self.tokens = float(max(1, burst))

    @rule(ticks=st.integers(1, 3000))
    def time_goes_by(self, ticks):
        seconds = ticks / 1024  # exact in binary
        self.now += seconds
        full = float(max(1, self.options.burst))
        self.tokens = min(full, self.tokens + seconds * self.options.requests)

    @rule()
    def a_call_takes_a_token(self):
        taken = limiter.take(self.options, self.arrival, self.now)
        self.arrival = taken.arrival
        if abs(self.tokens - 1) > 1e-3:
            assert taken.allowed == (self.tokens > 1)
        if taken.allowed:
            self.tokens -= 1
        else:
            expected = (1 - self.tokens) / self.options.requests
            assert taken.retry_after == pytest.approx(expected, abs=1e-3)


TestBucketAgainstTheModel = BucketMachine.TestCase
TestBucketAgainstTheModel.settings = settings(
    max_examples=100, stateful_step_count=50, deadline=None, derandomize=True
)

"""What the guard promises, on the database and on Redis alike."""

import pytest

from integration_hub.coordination import guard
from integration_hub.lib.errors import CircuitOpen, ConcurrencyLimitExceeded, RateLimitExceeded
from integration_hub.lib.resilience.options import CircuitOptions, LimitOptions

QUICK = CircuitOptions(window=4, min_calls=2, cooldown_ms=10_000, half_open_calls=1)
pytestmark = pytest.mark.usefixtures("store")


def refused(error, do):
    with pytest.raises(error) as caught:
        do()
    return caught.value


def test_a_call_goes_and_its_permit_says_where_it_was_given(store, admit):
    permit = admit()
    assert (permit.store, permit.scope, permit.probe) == (store, "instance:method", False)
    assert guard.settle(permit, outcome="success", duration_ms=1) is None


def test_failures_open_the_circuit_once(call, fake_clock):
    assert call("failure", circuit=QUICK) is None
    assert call("failure", circuit=QUICK) == "opened"
    error = refused(CircuitOpen, lambda: call(circuit=QUICK))
    assert error.retry_after == pytest.approx(10)
    assert error.retryable
    assert "instance:method" in error.detail


def test_an_open_circuit_stops_no_other_scope(call, fake_clock):
    for _ in range(2):
        call("failure", circuit=QUICK, scope="a:one")
    refused(CircuitOpen, lambda: call(circuit=QUICK, scope="a:one"))
    call(circuit=QUICK, scope="a:two")
    call(circuit=QUICK, scope="b:one")


def test_a_good_probe_closes_it_and_a_bad_one_opens_it_again(call, admit, fake_clock):
    for _ in range(2):
        call("failure", circuit=QUICK)
    fake_clock.advance(10)
    assert call("failure", circuit=QUICK) == "opened"
    refused(CircuitOpen, lambda: admit(circuit=QUICK))
    fake_clock.advance(10)
    assert call("success", circuit=QUICK) == "closed"
    assert call("failure", circuit=QUICK) is None


def test_one_probe_goes_and_a_lost_one_is_given_back(call, admit, fake_clock):
    for _ in range(2):
        call("failure", circuit=QUICK)
    fake_clock.advance(10)
    lost = admit(circuit=QUICK, probe_seconds=7)
    assert lost.probe
    refused(CircuitOpen, lambda: admit(circuit=QUICK))
    fake_clock.advance(7)
    assert call(circuit=QUICK) == "closed"
    assert guard.settle(lost, outcome="failure", duration_ms=1) is None
    assert [state.state for state in guard.states("")] == ["closed"]


def test_an_ignored_probe_is_given_back_at_once(call, fake_clock):
    for _ in range(2):
        call("failure", circuit=QUICK)
    fake_clock.advance(10)
    assert call("ignored", circuit=QUICK) is None
    assert call("success", circuit=QUICK) == "closed"


def test_a_probe_refused_by_a_limit_is_given_back(call, admit, fake_clock):
    limits = LimitOptions(requests=1, per_seconds=60, burst=1)
    for _ in range(2):
        call("failure", circuit=QUICK)
    fake_clock.advance(10)
    # Another scope's bucket is full, this one's is empty after the first call.
    assert call("ignored", circuit=QUICK, limits=limits) is None
    refused(RateLimitExceeded, lambda: admit(circuit=QUICK, limits=limits))
    assert call("success", circuit=QUICK) == "closed"


def test_a_call_admitted_before_it_opened_does_not_count_after_it_closed(call, admit, fake_clock):
    late = [admit(circuit=QUICK) for _ in range(4)]
    for permit in late[:2]:
        guard.settle(permit, outcome="failure", duration_ms=1)
    fake_clock.advance(10)
    assert call("success", circuit=QUICK) == "closed"
    for permit in late[2:]:
        assert guard.settle(permit, outcome="failure", duration_ms=1) is None
    call(circuit=QUICK)
    assert call("failure", circuit=QUICK) == "opened"


def test_slow_calls_open_it(call, fake_clock):
    call(circuit=QUICK, duration_ms=10_001)
    assert call(circuit=QUICK, duration_ms=10_001) == "opened"


def test_a_time_window_works_in_the_store_too(call, fake_clock):
    options = CircuitOptions(window_type="time", window=10, min_calls=3)
    call("failure", circuit=options)
    call("failure", circuit=options)
    fake_clock.advance(11)
    assert call("failure", circuit=options) is None
    assert call("failure", circuit=options) is None
    assert call("failure", circuit=options) == "opened"


def test_the_bucket_gives_its_burst_and_then_the_rate(admit, fake_clock):
    limits = LimitOptions(requests=10, per_seconds=1, burst=3)
    for _ in range(3):
        admit(limits=limits)
    error = refused(RateLimitExceeded, lambda: admit(limits=limits))
    assert error.retry_after == pytest.approx(0.1, abs=1e-5)
    fake_clock.advance(error.retry_after)
    admit(limits=limits)
    refused(RateLimitExceeded, lambda: admit(limits=limits))
    fake_clock.advance(60)
    for _ in range(3):
        admit(limits=limits)
    refused(RateLimitExceeded, lambda: admit(limits=limits))


def test_a_refused_call_takes_no_token_and_no_slot(admit, fake_clock):
    limits = LimitOptions(requests=2, per_seconds=1, burst=2, max_concurrency=1)
    held = admit(limits=limits)
    for _ in range(5):
        refused(ConcurrencyLimitExceeded, lambda: admit(limits=limits))
    guard.settle(held, outcome="success", duration_ms=1)
    held = admit(limits=limits)
    guard.settle(held, outcome="success", duration_ms=1)
    for _ in range(5):
        refused(RateLimitExceeded, lambda: admit(limits=limits))
    fake_clock.advance(0.5)
    admit(limits=limits)


def test_slots_are_held_until_the_end_of_the_call(admit, fake_clock):
    limits = LimitOptions(max_concurrency=2)
    first, _ = admit(limits=limits), admit(limits=limits)
    error = refused(ConcurrencyLimitExceeded, lambda: admit(limits=limits))
    assert 0 < error.retry_after <= 1
    guard.settle(first, outcome="ignored", duration_ms=1)
    admit(limits=limits)


def test_the_slot_of_a_dead_process_ends_by_itself(admit, fake_clock):
    limits = LimitOptions(max_concurrency=1)
    lost = admit(limits=limits, slot_seconds=5)
    fake_clock.advance(5.1)
    held = admit(limits=limits, slot_seconds=60)
    guard.settle(lost, outcome="success", duration_ms=1)
    refused(ConcurrencyLimitExceeded, lambda: admit(limits=limits))
    guard.settle(held, outcome="success", duration_ms=1)
    admit(limits=limits)


def test_states_shows_what_a_call_would_find(call, fake_clock):
    for scope in ("a:x", "a:y", "ab:z"):
        call("failure", circuit=QUICK, scope=scope)
    call("failure", circuit=QUICK, scope="a:y")
    found = [(s.scope, s.state, round(s.retry_after)) for s in guard.states("a:")]
    assert found == [("a:x", "closed", 0), ("a:y", "open", 10)]
    fake_clock.advance(10)
    assert [(s.state, s.retry_after) for s in guard.states("a:y")] == [("half_open", 0)]


def test_reset_closes_the_circuits_of_a_prefix_only(call, fake_clock):
    for scope in ("a:x", "A:x", "ab:z"):
        for _ in range(2):
            call("failure", circuit=QUICK, scope=scope)
    guard.reset("a:")
    call(circuit=QUICK, scope="a:x")
    refused(CircuitOpen, lambda: call(circuit=QUICK, scope="A:x"))
    refused(CircuitOpen, lambda: call(circuit=QUICK, scope="ab:z"))


def test_without_a_fake_clock_the_store_goes_by_its_own(call, admit):
    options = CircuitOptions(min_calls=1, cooldown_ms=60_000)
    call("failure", circuit=options)
    error = refused(CircuitOpen, lambda: admit(circuit=options))
    assert 50 < error.retry_after <= 60
    limits = LimitOptions(requests=1, per_seconds=60, burst=1, max_concurrency=5)
    admit(limits=limits, scope="other")
    error = refused(RateLimitExceeded, lambda: admit(limits=limits, scope="other"))
    assert 50 < error.retry_after <= 60

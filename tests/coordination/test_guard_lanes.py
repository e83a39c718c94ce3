"""Who goes first, and who waits how long: lanes, turns and what is shared by methods."""

from itertools import pairwise

import pytest

from integration_hub.coordination import guard
from integration_hub.lib.errors import ConcurrencyLimitExceeded, HubError, RateLimitExceeded
from integration_hub.lib.resilience.options import CircuitOptions, LimitOptions

pytestmark = pytest.mark.usefixtures("fake_clock", "fresh_holds")
RATE = LimitOptions(requests=10, per_seconds=1, burst=8)
SLOTS = LimitOptions(max_concurrency=8)


@pytest.fixture
def fresh_holds(monkeypatch):
    monkeypatch.setattr(guard, "_holds", {})


def ask(scope="a:m", limits=RATE, **more):
    return guard.admit(
        scope=scope,
        circuit=CircuitOptions(),
        limits=limits,
        slot_seconds=30,
        probe_seconds=30,
        **more,
    )


def how_many(**more):
    """How many go at once, and what the first refusal says."""
    went = []
    while True:
        try:
            went.append(ask(**more))
        except HubError as error:
            return len(went), error


def test_batch_work_leaves_a_quarter_of_the_tokens_to_people(store):
    went, error = how_many(lane="batch")
    assert went == 6
    assert isinstance(error, RateLimitExceeded)
    assert error.retry_after == pytest.approx(0.1, abs=1e-5)
    assert how_many()[0] == 2


def test_batch_work_leaves_a_quarter_of_the_slots_to_people(store):
    went, error = how_many(lane="batch", limits=SLOTS)
    assert went == 6
    assert isinstance(error, ConcurrencyLimitExceeded)
    assert how_many(limits=SLOTS)[0] == 2


def test_a_small_limit_is_not_closed_to_batch_work(store):
    assert how_many(lane="batch", limits=LimitOptions(max_concurrency=1))[0] == 1
    assert how_many(scope="b:m", lane="batch", limits=LimitOptions(requests=1, burst=1))[0] == 1


def test_a_thousand_that_are_parked_get_moments_spread_at_the_rate(store):
    how_many()
    waits = []
    for _ in range(1000):
        with pytest.raises(RateLimitExceeded) as refused:
            ask(lane="interactive", patience=3600)
        waits.append(refused.value.retry_after)
    assert waits[0] == pytest.approx(0.1, abs=1e-4)
    gaps = [late - soon for soon, late in pairwise(waits)]
    assert min(gaps) == pytest.approx(0.1, abs=1e-4)
    assert max(gaps) == pytest.approx(0.1, abs=1e-4)


def test_everyone_who_comes_at_the_moment_given_goes(store, fake_clock):
    how_many()
    due = []
    for _ in range(30):
        with pytest.raises(RateLimitExceeded) as refused:
            ask(lane="batch", patience=3600)
        due.append(refused.value.retry_after)
    passed = 0.0
    for moment in due:
        fake_clock.advance(moment - passed + 1e-5)
        passed = moment + 1e-5
        ask(lane="batch")


def test_who_has_no_patience_keeps_nobody_else_from_a_turn(store):
    how_many()
    for _ in range(20):
        with pytest.raises(RateLimitExceeded) as refused:
            ask()
        assert refused.value.retry_after == pytest.approx(0.1, abs=1e-4)


def test_work_in_the_background_lets_a_person_who_waits_go_first(store, fake_clock):
    how_many()
    with pytest.raises(RateLimitExceeded) as person:
        ask(patience=5)
    fake_clock.advance(person.value.retry_after + 1e-5)
    with pytest.raises(RateLimitExceeded):
        ask(lane="interactive", patience=3600)
    ask(patience=5)


def test_a_backlog_does_not_make_a_person_wait_behind_it(store):
    how_many(lane="batch")
    for _ in range(500):
        with pytest.raises(RateLimitExceeded):
            ask(lane="batch", patience=3600)
    ask()


def test_who_waits_for_a_slot_is_spread_over_the_time_slots_are_held(store):
    guard.settle(ask(limits=SLOTS), outcome="success", duration_ms=400)
    how_many(limits=SLOTS)
    waits = []
    for _ in range(5):
        with pytest.raises(ConcurrencyLimitExceeded) as refused:
            ask(limits=SLOTS, lane="interactive", patience=3600)
        waits.append(refused.value.retry_after)
    assert waits == pytest.approx([0.4, 0.45, 0.5, 0.55, 0.6], abs=1e-3)


def test_scopes_may_draw_on_one_bucket_and_one_set_of_slots(store):
    both = LimitOptions(requests=10, per_seconds=1, burst=8, max_concurrency=3)
    ask("a:one", both, bucket="a", slots="a")
    ask("a:two", both, bucket="a", slots="a")
    ask("a:two", both, bucket="a", slots="a")
    with pytest.raises(ConcurrencyLimitExceeded):
        ask("a:one", both, bucket="a", slots="a")
    ask("a:one", both, bucket="a", slots="a:one")

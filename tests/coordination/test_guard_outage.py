"""A store that is away costs a warning, never a call."""

import socket
import time

import pytest

from integration_hub.coordination import guard, heartbeat
from integration_hub.coordination.models import Heartbeat
from integration_hub.lib import metrics
from integration_hub.lib.errors import CircuitOpen, ConcurrencyLimitExceeded, RateLimitExceeded
from integration_hub.lib.resilience.options import CircuitOptions, LimitOptions
from tests.coordination.conftest import REDIS_URL

# Nothing listens on the discard port of loopback here.
NOWHERE = "redis://127.0.0.1:9/0"
QUICK = CircuitOptions(window=4, min_calls=2, cooldown_ms=10_000)
pytestmark = pytest.mark.django_db


@pytest.fixture
def away(settings):
    settings.REDIS_URL = NOWHERE


@pytest.fixture
def warnings(monkeypatch):
    said = []

    class Log:
        def warning(self, event, **details):
            said.append((event, details))

        def info(self, event, **details):
            said.append((event, details))

    monkeypatch.setattr(guard, "_log", Log())
    return said


@pytest.mark.usefixtures("away", "fake_clock")
def test_calls_go_on_and_it_is_said_once(call, warnings):
    for _ in range(5):
        call()
    assert guard.degraded
    assert metrics.registry.get_sample_value("integration_guard_degraded") == 1
    assert guard.fallbacks == 5
    assert [event for event, _ in warnings] == ["guard.degraded"]
    assert warnings[0][1]["reason"] == "ConnectionError"


@pytest.mark.usefixtures("away")
def test_the_circuit_works_per_process(call, fake_clock):
    call("failure", circuit=QUICK)
    assert call("failure", circuit=QUICK) == "opened"
    with pytest.raises(CircuitOpen):
        call(circuit=QUICK)
    assert [state.state for state in guard.states("instance:")] == ["open"]
    fake_clock.advance(10)
    assert call(circuit=QUICK) == "closed"
    call("failure", circuit=QUICK)
    call("failure", circuit=QUICK)
    guard.reset("instance:")
    call(circuit=QUICK)


@pytest.mark.usefixtures("away", "fake_clock")
def test_each_process_keeps_to_its_share_of_the_limits(admit):
    heartbeat.beat("web")
    mine = Heartbeat.objects.get()
    for number in range(3):
        mine.pk, mine.pid = f"other:{number}", mine.pid + 1 + number
        mine.save(force_insert=True)
    limits = LimitOptions(requests=8, per_seconds=1, burst=8)
    admit(limits=limits)
    admit(limits=limits)
    with pytest.raises(RateLimitExceeded) as caught:
        admit(limits=limits)
    assert caught.value.retry_after == pytest.approx(0.5)
    limits = LimitOptions(max_concurrency=8)
    admit(limits=limits)
    admit(limits=limits)
    with pytest.raises(ConcurrencyLimitExceeded):
        admit(limits=limits)


@pytest.mark.usefixtures("away", "fake_clock")
def test_local_slots_are_given_back(admit):
    limits = LimitOptions(max_concurrency=1)
    guard.settle(admit(limits=limits), outcome="success", duration_ms=1)
    admit(limits=limits, slot_seconds=5)


@pytest.mark.usefixtures("away", "fake_clock")
def test_while_it_is_away_it_is_asked_once_a_second_not_by_every_call(call, monkeypatch):
    asked = []
    monkeypatch.setattr(guard.RedisStore, "admit", lambda *_: asked.append(1) or _down())
    monkeypatch.setattr(guard.RedisStore, "settle", lambda *_: asked.append(1) or _down())
    for _ in range(50):
        call()
    assert len(asked) == 1


def _down():
    raise guard.StoreDown from ConnectionError()


@pytest.mark.redis
@pytest.mark.usefixtures("empty_redis")
def test_it_comes_back_by_itself(call, settings, fake_clock, warnings):
    settings.REDIS_URL = NOWHERE
    call()
    settings.REDIS_URL = REDIS_URL
    call()
    assert guard.degraded
    fake_clock.advance(1)
    call()
    assert not guard.degraded
    assert metrics.registry.get_sample_value("integration_guard_degraded") == 0
    assert [event for event, _ in warnings] == ["guard.degraded", "guard.restored"]


@pytest.mark.redis
@pytest.mark.usefixtures("empty_redis")
def test_a_refusal_is_an_answer_of_the_store_too(admit, settings, fake_clock):
    limits = LimitOptions(requests=1, per_seconds=60, burst=1)
    admit(limits=limits)
    guard._went(guard._shared(), guard.StoreDown())
    fake_clock.advance(1)
    with pytest.raises(RateLimitExceeded):
        admit(limits=limits)
    assert not guard.degraded


@pytest.mark.redis
@pytest.mark.usefixtures("empty_redis")
def test_a_call_that_began_before_the_outage_counts_in_this_process(admit, call, settings):
    permits = [admit(circuit=QUICK), admit(circuit=QUICK)]
    settings.REDIS_URL = NOWHERE
    ends = [guard.settle(permit, outcome="failure", duration_ms=1) for permit in permits]
    assert ends == [None, "opened"]


@pytest.mark.usefixtures("promised_timeout")
def test_a_store_that_does_not_answer_costs_a_tenth_of_a_second(call, settings):
    """A listener that accepts and says nothing, as a stopped Redis does."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        begun = time.monotonic()
        call()
        assert 0.05 < time.monotonic() - begun < 1.0
        assert guard.degraded

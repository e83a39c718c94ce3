"""The scripts in Redis and the pure core, side by side: 6,000 steps, no difference."""

import pytest
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from integration_hub.coordination.permit import Ask, End, Gates
from integration_hub.coordination.stores.redis import PREFIX, RedisStore
from integration_hub.lib import clock
from integration_hub.lib.errors import HubError
from integration_hub.lib.resilience import circuit as core
from integration_hub.lib.resilience import limiter
from integration_hub.lib.resilience.circuit import Circuit
from integration_hub.lib.resilience.options import CircuitOptions, LimitOptions
from tests.coordination.conftest import REDIS_URL, forget

pytestmark = pytest.mark.redis

CIRCUITS = st.builds(
    CircuitOptions,
    window_type=st.sampled_from(["count", "time"]),
    window=st.sampled_from([1, 3, 10, 120]),
    min_calls=st.integers(1, 5),
    failure_rate=st.sampled_from([0.3, 0.5, 1.0]),
    slow_call_ms=st.sampled_from([0, 100]),
    cooldown_ms=st.sampled_from([900, 10_000]),
    half_open_calls=st.integers(1, 3),
)
LIMITS = st.one_of(
    st.just(LimitOptions()),
    st.builds(
        LimitOptions,
        requests=st.sampled_from([0, 3, 7]),
        per_seconds=st.sampled_from([1.0, 0.7]),
        burst=st.integers(0, 4),
        max_concurrency=st.integers(0, 3),
    ),
)
SLOT_SECONDS, PROBE_SECONDS = 6.0, 4.0


def attempt(store, ask):
    """The permit, or the refusal."""
    try:
        return store.admit(ask), None
    except HubError as error:
        return None, error


class SideBySide(RuleBasedStateMachine):
    client = None

    @initialize(circuit=CIRCUITS, limits=LIMITS)
    def begin(self, circuit, limits):
        forget(self.client)
        self.store, self.clock = RedisStore(REDIS_URL), clock.FakeClock()
        self.options, self.limits = circuit, limits
        self.circuit, self.arrival, self.slots = Circuit(), 0.0, {}
        self.flying, self.number = [], 0

    @property
    def now(self):
        return self.clock.now().timestamp()

    @rule(seconds=st.sampled_from([0.0, 0.125, 1.0, 4.0, 11.0, 61.0]))
    def time_goes_by(self, seconds):
        self.clock.advance(seconds)

    @rule()
    def the_clock_is_set_back(self):
        self.clock.advance(-30)

    @rule()
    def a_call_asks_to_go(self):
        self.number += 1
        gates = Gates("scope:m", self.options, self.limits)
        ask = Ask(gates, SLOT_SECONDS, PROBE_SECONDS, f"token-{self.number}")
        reason, wait, admission = self.expected(ask)
        with clock.use(self.clock):
            permit, error = attempt(self.store, ask)
        if permit is None:
            assert error.code == reason
            assert error.retry_after == pytest.approx(wait, abs=1e-9)
            return
        assert reason == ""
        assert permit.circuit.generation == admission.circuit.generation
        assert permit.probe == admission.probe
        self.flying.append(permit)

    def expected(self, ask):
        """What the pure core says, and its state after it."""
        admission = core.admit(
            self.circuit, self.options, self.now, probe=ask.token, probe_seconds=PROBE_SECONDS
        )
        if not admission.allowed:
            self.circuit = admission.circuit
            return "CIRCUIT_OPEN", admission.retry_after, admission
        arrival = self.arrival
        if self.limits.requests:
            taken = limiter.take(self.limits, arrival, self.now)
            if not taken.allowed:
                return "RATE_LIMIT_EXCEEDED", taken.retry_after, admission
            arrival = taken.arrival
        if self.limits.max_concurrency:
            self.slots = {name: end for name, end in self.slots.items() if end > self.now}
            if len(self.slots) >= self.limits.max_concurrency:
                wait = min(1.0, min(self.slots.values()) - self.now)
                return "CONCURRENCY_LIMIT_EXCEEDED", wait, admission
            self.slots[ask.token] = self.now + SLOT_SECONDS
        self.arrival, self.circuit = arrival, admission.circuit
        return "", 0.0, admission

    @precondition(lambda self: self.flying)
    @rule(
        data=st.data(),
        outcome=st.sampled_from(["success", "failure", "failure", "ignored"]),
        duration_ms=st.sampled_from([1.0, 100.0, 100.5]),
    )
    def a_call_ends(self, data, outcome, duration_ms):
        permit = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        settled = core.settle(
            self.circuit,
            self.options,
            self.now,
            outcome=outcome,
            duration_ms=duration_ms,
            generation=permit.circuit.generation,
            probe=permit.ask.token,
        )
        self.circuit = settled.circuit
        self.slots.pop(permit.ask.token, None)
        with clock.use(self.clock):
            found = self.store.settle(permit, End(outcome, duration_ms))()
        assert [item.transition for item in found] == [settled.transition or ""][: len(found)]
        assert bool(found) == bool(settled.transition)

    @invariant()
    def redis_holds_what_the_core_holds(self):
        if not hasattr(self, "circuit"):
            return
        kept = self.client.hgetall(f"{PREFIX}circuit:scope:m")
        found = {key.decode(): value.decode() for key, value in kept.items()}
        assert found.get("s", "closed") == self.circuit.state
        assert found.get("w", "") == self.circuit.window
        assert float(found.get("o", 0)) == self.circuit.opened_at
        assert float(found.get("c", 0)) == self.circuit.cooldown
        assert float(found.get("g", 0)) == self.circuit.generation
        assert int(found.get("k", 0)) == self.circuit.good
        assert int(found.get("b", 0)) == self.circuit.bad
        probes = {key[2:]: float(end) for key, end in found.items() if key.startswith("p:")}
        assert probes == dict(self.circuit.probes)

    @invariant()
    def the_store_describes_it_as_the_core_does(self):
        if not hasattr(self, "circuit"):
            return
        with clock.use(self.clock):
            found = self.store.states("scope:")
        for state in found:
            assert (state.state, state.retry_after) == core.describe(self.circuit, self.now)


def test_the_scripts_and_the_core_never_differ(empty_redis, monkeypatch):
    monkeypatch.setattr(SideBySide, "client", empty_redis)
    run_state_machine_as_test(
        SideBySide,
        settings=hypothesis_settings(
            max_examples=120,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],  # shrinking on a live server outlasts the test's time
        ),
    )

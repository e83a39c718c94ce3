"""The circuit against a model that keeps everything and packs nothing: 6,000 steps."""

import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from integration_hub.lib.resilience import circuit as core
from integration_hub.lib.resilience.circuit import Circuit
from integration_hub.lib.resilience.options import CircuitOptions

OPTIONS = st.builds(
    CircuitOptions,
    window_type=st.sampled_from(["count", "time"]),
    window=st.integers(1, 12),
    min_calls=st.integers(1, 8),
    failure_rate=st.sampled_from([0.2, 0.5, 0.75, 1.0]),
    slow_call_ms=st.just(100),
    cooldown_ms=st.sampled_from([1_000, 10_000]),
    half_open_calls=st.integers(1, 4),
)
PROBE_SECONDS = 5


class Model:
    """A circuit as one would explain it: a list of calls and a set of probes."""

    def __init__(self, options):
        self.options, self.state, self.epoch = options, "closed", 0
        self.calls, self.probes, self.results = [], {}, []
        self.opened_at = 0

    def go(self, state):
        self.state, self.epoch = state, self.epoch + 1
        self.calls, self.probes, self.results = [], {}, []

    def admit(self, now, name):
        if self.state == "open":
            if now - self.opened_at < self.options.cooldown_ms / 1000:
                return False
            self.go("half_open")
        if self.state == "half_open":
            flying = [end for end in self.probes.values() if end > now]
            if len(flying) + len(self.results) >= self.options.half_open_calls:
                return False
            self.probes = {key: end for key, end in self.probes.items() if end > now}
            self.probes[name] = now + PROBE_SECONDS
        return True

    def settle(self, now, name, epoch, outcome, slow):
        bad = outcome == "failure" or (outcome == "success" and slow)
        if self.state == "half_open":
            return self.settle_probe(now, name, outcome, bad)
        if self.state != "closed" or epoch != self.epoch or outcome == "ignored":
            return None
        self.calls.append((now, bad))
        if self.options.window_type == "count":
            seen = [bad for _, bad in self.calls][-self.options.window :]
            needed = min(self.options.min_calls, self.options.window)
        else:
            first = math.floor(now) - self.options.window
            seen = [bad for at, bad in self.calls if math.floor(at) > first]
            needed = self.options.min_calls
        if len(seen) >= needed and any(seen) and sum(seen) / len(seen) >= self.options.failure_rate:
            return self.open(now)
        return None

    def settle_probe(self, now, name, outcome, bad):
        if self.probes.pop(name, None) is None or outcome == "ignored":
            return None
        self.results.append(bad)
        permits = self.options.half_open_calls
        if any(self.results) and sum(self.results) / permits >= self.options.failure_rate:
            return self.open(now)
        if len(self.results) == permits:
            self.go("closed")
            return "closed"
        return None

    def open(self, now):
        self.go("open")
        self.opened_at = now
        return "opened"


class CircuitMachine(RuleBasedStateMachine):
    @initialize(options=OPTIONS)
    def begin(self, options):
        self.options, self.now, self.number = options, 1_000_000.0, 0
        self.circuit, self.model = Circuit(), Model(options)
        self.flying = []

    @rule(seconds=st.sampled_from([0.0, 0.25, 1.0, 4.0, 5.0, 11.0]))
    def time_goes_by(self, seconds):
        self.now += seconds

    @rule()
    def a_call_asks_to_go(self):
        self.number += 1
        name = str(self.number)
        admission = core.admit(
            self.circuit, self.options, self.now, probe=name, probe_seconds=PROBE_SECONDS
        )
        self.circuit = admission.circuit
        assert admission.allowed == self.model.admit(self.now, name)
        if admission.allowed:
            self.flying.append((name, self.circuit.generation, self.model.epoch))
        else:
            assert admission.retry_after > 0

    @precondition(lambda self: self.flying)
    @rule(
        data=st.data(),
        outcome=st.sampled_from(["success", "failure", "failure", "ignored"]),
        slow=st.booleans(),
    )
    def a_call_ends(self, data, outcome, slow):
        index = data.draw(st.integers(0, len(self.flying) - 1))
        name, generation, epoch = self.flying.pop(index)
        settled = core.settle(
            self.circuit,
            self.options,
            self.now,
            outcome=outcome,
            duration_ms=500.0 if slow else 1.0,
            generation=generation,
            probe=name,
        )
        self.circuit = settled.circuit
        assert settled.transition == self.model.settle(self.now, name, epoch, outcome, slow)

    @invariant()
    def both_are_in_one_state(self):
        assert self.circuit.state == self.model.state
        assert self.circuit.generation == self.model.epoch

    @invariant()
    def never_more_probes_fly_than_permitted(self):
        flying = [end for _, end in self.circuit.probes if end > self.now]
        assert len(flying) <= self.options.half_open_calls


TestCircuitAgainstTheModel = CircuitMachine.TestCase
TestCircuitAgainstTheModel.settings = settings(
    max_examples=120, stateful_step_count=50, deadline=None, derandomize=True
)

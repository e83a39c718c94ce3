"""The circuit of an upstream host: opens only when no connection at all can be made."""

import pytest

from integration_hub.coordination import guard
from integration_hub.lib.errors import CircuitOpen
from integration_hub.lib.resilience.options import HOST_CIRCUIT, CircuitOptions, LimitOptions

pytestmark = pytest.mark.usefixtures("fake_clock")
PATIENT = CircuitOptions(window=1000, min_calls=1000)
HOST = "host:api.acme.example:443"


@pytest.fixture
def call():
    def make(scope="a:m", reached="failure", outcome="failure", limits=None):
        permit = guard.admit(
            scope=scope,
            circuit=PATIENT,
            limits=limits or LimitOptions(),
            slot_seconds=30,
            probe_seconds=20,
            host=HOST,
        )
        return guard.settling(permit, outcome=outcome, duration_ms=1, reached=reached)()

    return make


def down(call):
    for number in range(HOST_CIRCUIT.window):
        moved = call(scope=f"a:m{number % 3}")
    return moved


def test_it_opens_when_twenty_calls_of_anyone_found_no_connection(store, call):
    assert [(item.scope, item.transition) for item in down(call)] == [(HOST, "opened")]
    with pytest.raises(CircuitOpen) as refused:
        call(scope="b:other")
    assert refused.value.retry_after == pytest.approx(10)
    assert "api.acme.example" in refused.value.detail


def test_one_call_that_got_through_makes_those_before_it_count_for_nothing(store, call):
    for _ in range(HOST_CIRCUIT.window - 1):
        call()
    call(reached="success")
    for _ in range(HOST_CIRCUIT.window - 1):
        assert call() == ()
    assert [item.transition for item in call()] == ["opened"]


def test_answers_that_are_faults_never_open_it(store, call):
    for _ in range(3 * HOST_CIRCUIT.window):
        assert call(reached="success", outcome="failure") == ()
    call(scope="b:other")


def test_one_probe_decides_over_it(store, call, fake_clock):
    down(call)
    fake_clock.advance(10)
    assert [item.transition for item in call(reached="success")] == ["closed"]
    call(scope="b:other")


def test_a_probe_that_says_nothing_goes_back(store, call, fake_clock):
    down(call)
    fake_clock.advance(10)
    assert call(reached="ignored", outcome="ignored") == ()
    assert [item.transition for item in call(reached="failure")] == ["opened"]


def test_what_the_host_refuses_takes_no_token_and_no_slot(store, call, fake_clock):
    one = LimitOptions(requests=1, per_seconds=60, burst=1, max_concurrency=1)
    down(call)
    for _ in range(3):
        with pytest.raises(CircuitOpen):
            call(limits=one)
    fake_clock.advance(10)
    call(limits=one, reached="success")


def test_an_operator_holds_it_open_and_closes_it(store, call):
    guard.force(HOST, "forced_open")
    with pytest.raises(CircuitOpen) as refused:
        call()
    assert refused.value.retry_after == pytest.approx(HOST_CIRCUIT.cooldown_ms / 1000)
    assert [state.state for state in guard.states("host:")] == ["forced_open"]
    guard.force(HOST, "closed")
    call()


def test_one_that_is_switched_off_lets_everything_go(store, call):
    guard.force(HOST, "disabled")
    for _ in range(2 * HOST_CIRCUIT.window):
        assert call() == ()

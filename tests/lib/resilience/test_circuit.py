"""The named cases of resilience4j's state machine, and those it leaves open."""

from dataclasses import replace

import pytest

from integration_hub.lib.resilience import circuit as core
from integration_hub.lib.resilience.circuit import Circuit
from integration_hub.lib.resilience.options import CircuitOptions

OPTIONS = CircuitOptions(
    window=10, min_calls=4, failure_rate=0.5, cooldown_ms=30_000, half_open_calls=1
)
NOW = 1_000_000.0


def admit(circuit, options=OPTIONS, now=NOW, probe="p", probe_seconds=60.0):
    return core.admit(circuit, options, now, probe=probe, probe_seconds=probe_seconds)


def settle(circuit, outcome, options=OPTIONS, now=NOW, duration_ms=1.0, probe="p", generation=None):
    return core.settle(
        circuit,
        options,
        now,
        outcome=outcome,
        duration_ms=duration_ms,
        generation=circuit.generation if generation is None else generation,
        probe=probe,
    )


def after(*outcomes, options=OPTIONS, circuit=None, duration_ms=1.0):
    circuit = circuit or Circuit()
    for outcome in outcomes:
        circuit = settle(circuit, outcome, options, duration_ms=duration_ms).circuit
    return circuit


def opened(options=OPTIONS):
    return after(*["failure"] * options.min_calls, options=options)


def half_open(options, *probes):
    circuit = opened(options)
    for probe in probes:
        circuit = admit(circuit, options, NOW + 30, probe).circuit
    return circuit


def test_a_new_circuit_is_closed_and_lets_calls_go():
    assert admit(Circuit()).allowed
    assert not admit(Circuit()).probe


def test_it_does_not_open_before_the_minimum_number_of_calls():
    assert after("failure", "failure", "failure").state == "closed"


def test_it_opens_when_the_failure_rate_is_reached_at_the_minimum():
    assert after("success", "failure", "success", "failure").state == "open"


def test_a_success_can_be_the_call_that_completes_the_minimum():
    settled = settle(after("failure", "failure", "success"), "success")
    assert (settled.circuit.state, settled.transition) == ("open", "opened")


def test_it_stays_closed_below_the_failure_rate():
    assert after(*["success", "success", "failure"] * 10).state == "closed"


def test_the_minimum_is_clipped_to_a_count_window():
    options = replace(OPTIONS, window=2, min_calls=100)
    assert after("failure", "failure", options=options).state == "open"


def test_the_minimum_of_a_time_window_is_not_clipped():
    options = replace(OPTIONS, window_type="time", window=2, min_calls=4)
    assert after("failure", "failure", "failure", options=options).state == "closed"
    assert after(*["failure"] * 4, options=options).state == "open"


def test_a_time_window_forgets_old_failures():
    options = replace(OPTIONS, window_type="time", window=10)
    circuit = after("failure", "failure", "failure", options=options)
    assert settle(circuit, "failure", options, now=NOW + 11).circuit.state == "closed"


def test_slow_calls_count_as_bad():
    assert after(*["success"] * 4, duration_ms=10_001).state == "open"


def test_a_call_as_slow_as_the_limit_is_not_slow():
    assert after(*["success"] * 4, duration_ms=10_000).state == "closed"


def test_a_slow_call_limit_of_zero_switches_slow_calls_off():
    options = replace(OPTIONS, slow_call_ms=0)
    assert after(*["success"] * 4, options=options, duration_ms=1e9).state == "closed"


def test_ignored_outcomes_do_not_count_even_when_slow():
    assert after(*["ignored"] * 50, duration_ms=1e9) == Circuit()


def test_a_rate_of_zero_does_not_open_on_good_calls():
    assert after(*["success"] * 20, options=replace(OPTIONS, failure_rate=0.0)).state == "closed"


def test_an_open_circuit_refuses_and_says_for_how_long():
    admission = admit(opened(), now=NOW + 10)
    assert not admission.allowed
    assert admission.retry_after == pytest.approx(20)


def test_after_the_cooldown_one_call_goes_as_a_probe():
    first = admit(opened(), now=NOW + 30, probe="a")
    assert first.allowed
    assert first.probe
    second = admit(first.circuit, now=NOW + 30, probe="b")
    assert not second.allowed
    assert 0 < second.retry_after <= 1


def test_exactly_the_permitted_number_of_probes_goes():
    options = replace(OPTIONS, half_open_calls=3)
    circuit = opened(options)
    went = 0
    for number in range(20):
        admission = admit(circuit, options, NOW + 30, str(number))
        circuit, went = admission.circuit, went + admission.allowed
    assert went == 3


def test_a_counted_probe_is_not_given_out_again():
    options = replace(OPTIONS, half_open_calls=2)
    circuit = settle(half_open(options, "a", "b"), "success", options, probe="a").circuit
    assert not admit(circuit, options, NOW + 30, "c").allowed


def test_good_probes_close_it_with_an_empty_window():
    options = replace(OPTIONS, half_open_calls=2)
    circuit = settle(half_open(options, "a", "b"), "success", options, probe="a").circuit
    settled = settle(circuit, "success", options, probe="b")
    assert settled.transition == "closed"
    assert (settled.circuit.state, settled.circuit.window) == ("closed", "")


def test_a_bad_probe_opens_it_for_another_cooldown():
    settled = settle(half_open(OPTIONS, "a"), "failure", now=NOW + 31, probe="a")
    assert settled.transition == "opened"
    assert admit(settled.circuit, now=NOW + 60).retry_after == pytest.approx(1)


def test_a_slow_probe_is_a_bad_probe():
    settled = settle(half_open(OPTIONS, "a"), "success", probe="a", duration_ms=20_000)
    assert settled.transition == "opened"


def test_it_opens_as_soon_as_the_probes_left_cannot_save_it():
    options = replace(OPTIONS, half_open_calls=4)
    circuit = half_open(options, "a", "b", "c", "d")
    circuit = settle(circuit, "failure", options, probe="a").circuit
    assert settle(circuit, "failure", options, probe="b").transition == "opened"


def test_too_few_bad_probes_close_it():
    options = replace(OPTIONS, half_open_calls=3)
    circuit = half_open(options, "a", "b", "c")
    circuit = settle(circuit, "failure", options, probe="a").circuit
    circuit = settle(circuit, "success", options, probe="b").circuit
    assert settle(circuit, "success", options, probe="c").transition == "closed"


def test_an_ignored_probe_is_given_back():
    circuit = settle(half_open(OPTIONS, "a"), "ignored", probe="a").circuit
    assert circuit.state == "half_open"
    assert admit(circuit, now=NOW + 30, probe="b").allowed


def test_a_probe_whose_process_died_is_returned_by_time_out():
    circuit = half_open(OPTIONS, "a")
    assert not admit(circuit, now=NOW + 89, probe="b").allowed
    assert admit(circuit, now=NOW + 90, probe="b").allowed


def test_a_probe_that_comes_back_after_its_time_counts_nowhere():
    circuit = admit(half_open(OPTIONS, "a"), now=NOW + 90, probe="b").circuit
    assert settle(circuit, "failure", probe="a").circuit == circuit


def test_a_probe_ends_within_an_hour_whatever_was_asked_and_whatever_the_clock_does():
    circuit = admit(opened(), now=NOW + 30, probe_seconds=1e9).circuit
    assert admit(circuit, now=NOW + 30 + core.MAX_PROBE_SECONDS, probe="b").allowed
    assert admit(circuit, now=NOW - 100_000, probe="b").allowed


def test_a_call_admitted_before_it_opened_does_not_count_after_it_closed():
    circuit = settle(half_open(OPTIONS, "a"), "success", probe="a").circuit
    assert settle(circuit, "failure", generation=0).circuit == circuit


def test_a_call_admitted_while_closed_is_no_probe():
    circuit = half_open(OPTIONS, "a")
    assert settle(circuit, "success", probe="other", generation=0).circuit == circuit


def test_a_call_that_ends_while_it_is_open_changes_nothing():
    assert settle(opened(), "success", generation=0).circuit == opened()


def test_fewer_probes_than_counted_already_start_over_instead_of_blocking():
    options = replace(OPTIONS, half_open_calls=5)
    circuit = half_open(options, "a", "b")
    for probe in ("a", "b"):
        circuit = settle(circuit, "success", options, probe=probe).circuit
    assert admit(circuit, OPTIONS, NOW + 30, "c").allowed


def test_a_clock_set_back_costs_one_cooldown_and_no_more():
    circuit = admit(opened(), now=NOW - 5_000).circuit
    assert admit(circuit, now=NOW - 5_000 + 29).retry_after == pytest.approx(1)
    assert admit(circuit, now=NOW - 5_000 + 30).allowed


def test_forced_open_refuses_for_ever():
    forced = Circuit("forced_open")
    assert not admit(forced, now=NOW * 2).allowed
    assert settle(forced, "success").circuit == forced


def test_disabled_lets_everything_go_and_counts_nothing():
    disabled = Circuit("disabled")
    assert admit(disabled).allowed
    assert settle(disabled, "failure").circuit == disabled


@pytest.mark.parametrize(
    ("now", "expected"),
    [(NOW + 10, ("open", pytest.approx(20))), (NOW + 30, ("half_open", 0.0))],
)
def test_it_is_described_as_a_call_would_find_it(now, expected):
    assert core.describe(opened(), now) == expected

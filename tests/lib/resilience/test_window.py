from integration_hub.lib.resilience import window
from integration_hub.lib.resilience.options import CircuitOptions

COUNT = CircuitOptions(window_type="count", window=3)
TIME = CircuitOptions(window_type="time", window=10)
LONG = CircuitOptions(window_type="time", window=600)


def filled(options, *calls):
    packed = ""
    for now, bad in calls:
        packed = window.record(packed, options, now, bad=bad)
    return packed


def test_a_count_window_keeps_the_last_calls_only():
    packed = filled(COUNT, (0, True), (0, True), (0, False), (0, False), (0, True))
    assert packed == "c001"
    assert window.counts(packed) == (3, 1)


def test_a_time_window_adds_up_the_calls_of_one_second():
    packed = filled(TIME, (100.1, True), (100.9, False), (101.0, True))
    assert packed == "t100:2:1;101:1:1"
    assert window.counts(packed) == (3, 2)


def test_a_time_window_forgets_what_is_older_than_itself():
    packed = filled(TIME, (100, True), (105, True), (110, False))
    assert window.counts(packed) == (2, 1)


def test_a_long_time_window_never_holds_more_than_sixty_slots():
    packed = filled(LONG, *((second, False) for second in range(10_000)))
    assert len(packed.split(";")) <= window.MAX_SLOTS
    calls, bad = window.counts(packed)
    assert 590 <= calls <= 600
    assert bad == 0


def test_a_clock_set_back_drops_what_would_lie_in_the_future():
    packed = filled(TIME, (5000, True), (100, False))
    assert window.counts(packed) == (1, 0)


def test_a_window_of_the_other_type_starts_anew():
    packed = window.record("c1111", TIME, 100, bad=False)
    assert window.counts(packed) == (1, 0)
    assert window.counts(window.record(packed, COUNT, 100, bad=True)) == (1, 1)


def test_an_empty_window_holds_nothing():
    assert window.counts("") == (0, 0)

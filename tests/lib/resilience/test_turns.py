"""Turns: a moment of one's own for everyone who waits."""

from integration_hub.lib.resilience import turns

NOW = 1_000.0


def test_the_first_comes_when_it_was_told():
    assert turns.take(0.0, NOW, wait=2.0, each=0.5, patience=60) == turns.Turn(2.0, NOW + 2.5)


def test_each_comes_one_token_after_the_one_before():
    ends, waits = 0.0, []
    for _ in range(4):
        turn = turns.take(ends, NOW, wait=2.0, each=0.5, patience=60)
        waits.append(turn.wait)
        ends = turn.ends
    assert waits == [2.0, 2.5, 3.0, 3.5]


def test_turns_that_are_over_keep_nobody():
    assert (
        turns.take(NOW - 5, NOW, wait=0.1, each=0.5, patience=60).wait
        == turns.take(0.0, NOW, wait=0.1, each=0.5, patience=60).wait
    )


def test_without_the_patience_none_is_taken():
    assert turns.take(NOW + 9, NOW, wait=0.1, each=1.0, patience=5) == turns.Turn(9.0, NOW + 9)


def test_a_clock_that_was_set_back_holds_nobody_for_longer_than_a_day():
    assert turns.take(NOW + 1e9, NOW, wait=0.1, each=1.0, patience=1e9).wait == turns.MAX_AHEAD


def test_a_wait_is_told_as_it_is_whatever_the_time_of_day():
    """Added to a moment and taken from it again, it would lose its last digits."""
    wait = 6 / 7
    assert turns.take(0.0, 1_767_225_601.3, wait=wait, each=1.0, patience=0.0).wait == wait

"""How many calls may be retries: a tenth of the first tries of a minute, or three."""

from hypothesis import given
from hypothesis import strategies as st

from integration_hub.lib.resilience.budget import SLOT_S, Budget, slot_of

NOW = 1_795_000_000.0


def after(firsts, now=NOW):
    return Budget().at(now, {slot_of(now): firsts})


def spend_all(budget, now=NOW, **options):
    made = 0
    while budget.allows(**options):
        budget = budget.spent(now)
        made += 1
    return made


def test_few_calls_may_still_be_repeated():
    assert spend_all(Budget()) == 3
    assert spend_all(after(20)) == 3
    assert spend_all(after(1), floor=7) == 7


def test_of_many_first_tries_a_tenth_may_be_repeated():
    assert spend_all(after(1_500)) == 150


def test_a_minute_later_the_budget_is_new():
    budget = after(100)
    for _ in range(10):
        budget = budget.spent(NOW)
    assert not budget.allows()
    assert not budget.at(NOW + 55, {}).allows()
    later = budget.at(NOW + 60, {})
    assert (later.firsts, later.retries) == (0, 0)


def test_a_clock_that_was_set_back_does_not_keep_the_future():
    assert after(100, now=NOW + 3600).at(NOW, {}) == Budget()


def test_who_looked_at_the_clock_before_the_slot_turned_undoes_no_retry():
    turned = (slot_of(NOW) + 1) * SLOT_S
    others = Budget().spent(turned).spent(turned).spent(turned)
    late = others.at(turned - 0.1, {})
    assert late.retries == 3
    assert not late.allows()
    assert others.spent(turned - 0.1).retries == 4


COUNTS = st.dictionaries(st.integers(-20, 3), st.integers(0, 500), max_size=30)


@given(COUNTS, st.lists(st.integers(0, 90), max_size=60))
def test_it_is_kept_as_text_and_never_gives_more_than_its_share(firsts, steps):
    now = NOW
    budget = Budget().at(now, {slot_of(now) + slot: number for slot, number in firsts.items()})
    for step in steps:
        now += step
        budget = Budget.of_text(budget.text).at(now, {})
        if budget.allows():
            budget = budget.spent(now)
            assert budget.retries <= max(3, 0.1 * budget.firsts)
        assert Budget.of_text(budget.text) == budget
        assert len(budget.entries) <= 60 / SLOT_S

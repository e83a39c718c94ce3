"""Merging what two sides made of one base."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_hub.lib.three_way import ABSENT, merge, same

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["a", "b", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c/d", "id"]), inner, max_size=3)
    ),
    max_leaves=12,
)


def pointers(differences):
    return [item.pointer for item in differences]


def test_each_side_keeps_what_it_alone_changed():
    base = {"name": "A", "gone": 1, "dropped": 2, "same": 0}
    ours = {"name": "Mine", "gone": 1, "same": 0, "added": True}
    theirs = {"name": "A", "dropped": 2, "same": 0, "new": []}
    found = merge(base, ours, theirs)
    assert found.value == {"name": "Mine", "same": 0, "added": True, "new": []}
    assert pointers(found.ours) == ["/name", "/added", "/dropped"]
    assert pointers(found.theirs) == ["/gone", "/new"]
    assert not found.conflicts


def test_where_both_changed_ours_stays_unless_theirs_is_taken():
    base, ours, theirs = {"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 2}}, {"a": {"b": 3, "c": 3}}
    found = merge(base, ours, theirs)
    assert found.value == ours
    assert pointers(found.conflicts) == ["/a/b", "/a/c"]
    assert merge(base, ours, theirs, take=["/a/c"]).value == {"a": {"b": 2, "c": 3}}
    assert merge(base, ours, theirs, take=["/a"]).value == theirs, "what is below included"
    taken = merge(base, ours, theirs, take=[""])
    assert taken.value == theirs
    assert taken.taken == {"/a/b", "/a/c"}


def test_what_one_side_removed_and_the_other_changed_is_a_conflict():
    base, ours, theirs = {"m": {"x": 1}, "k": 0}, {"k": 0}, {"m": {"x": 2}, "k": 0}
    found = merge(base, ours, theirs)
    assert found.value == {"k": 0}
    assert [(item.pointer, item.ours) for item in found.conflicts] == [("/m", ABSENT)]
    assert merge(base, ours, theirs, take=["/m"]).value["m"] == {"x": 2}


def test_lists_of_names_are_sets_and_lists_with_ids_are_matched():
    found = merge(["a", "b", "c"], ["c", "b", "mine"], ["a", "c", "new"])
    assert found.value == ["c", "mine", "new"]
    base = [{"id": "key", "in": "header"}, {"id": "old"}]
    ours = [{"id": "key", "in": "header", "name": "X-Mine"}, {"id": "old"}]
    theirs = [{"id": "key", "in": "query"}, {"id": "new"}]
    assert merge(base, ours, theirs).value == [
        {"id": "key", "in": "query", "name": "X-Mine"},
        {"id": "new"},
    ]
    other = merge([1, 2], [1, 3], [2, 2])
    assert other.value == [1, 3], "any other list is one value"
    assert pointers(other.conflicts) == [""]


@pytest.mark.parametrize(("one", "other", "equal"), [
    (True, 1, False), ([0], [False], False), ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
    (1, 1.0, True), ([1, 2], [2, 1], False),
])  # fmt: skip
def test_equal_means_equal_as_json(one, other, equal):
    assert same(one, other) is equal


@given(JSON, JSON)
def test_a_side_that_changed_nothing_gets_what_the_other_made(base, changed):
    for found in (merge(base, base, changed), merge(base, changed, base)):
        assert same(found.value, changed)
        assert not found.conflicts
    both = merge(base, changed, changed)
    assert same(both.value, changed)
    assert not both.conflicts


@given(JSON, JSON, JSON)
def test_without_a_conflict_it_does_not_matter_whose_side_is_whose(base, one, other):
    found = merge(base, one, other)
    taken = merge(base, one, other, take=[""])
    assert pointers(found.conflicts) == pointers(taken.conflicts)
    if not found.conflicts:
        assert same(found.value, taken.value)

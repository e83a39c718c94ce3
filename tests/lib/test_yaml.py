import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_hub.lib.yaml_reader import YAMLFault, load
from integration_hub.lib.yaml_writer import dump

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_reads_back_equal(value):
    assert load(dump({"v": value}).decode()) == {"v": value}


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "on",
        "yes",
        "1e5",
        "0x1f",
        "1.10",
        "2027-12-31",
        "~",
        "null",
        "12:30",
        "<<",
        "=",
        "1_0",
    ],
)
def test_text_that_looks_like_something_else_survives(text):
    assert load(dump({text: text}).decode()) == {text: text}


def test_country_codes_and_dates_stay_text():
    found = load("a: no\nb: on\nc: 2027-12-31\nd: 1:30\non: 1")
    assert found == {"a": "no", "b": "on", "c": "2027-12-31", "d": "1:30", "on": 1}


def test_true_null_and_numbers_are_what_they_say():
    assert load("[true, null, ~, 1, -2.5, 0x10, '1', 1e3]") == [
        True,
        None,
        None,
        1,
        -2.5,
        16,
        "1",
        1000.0,
    ]


def test_merge_keys_fill_what_is_absent():
    assert load("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}")["b"] == {"y": 3, "x": 1}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\na: 2", 2),
        ("a: *x", 1),
        ("a: &a [*a]", 1),
        ("a: .nan", 1),
        ("a: 1e999", 1),
        ("a: !!binary x", 1),
        ("a: 1\n---\nb: 2", 2),
        ("? [1]\n: 2", 1),
        ("a: b: c", 1),
        ("a:\n\t- b", 2),
    ],
)
def test_faults_name_the_line(text, line):
    with pytest.raises(YAMLFault) as caught:
        load(text)
    assert caught.value.line == line


def test_an_alias_bomb_is_refused_at_once():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    began = time.monotonic()
    with pytest.raises(YAMLFault, match="aliases expanded"):
        load("\n".join(lines))
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 5_000, "- " * 50_000 + "a"])
def test_deep_nesting_is_refused_without_recursion(text):
    with pytest.raises(YAMLFault):
        load(text)

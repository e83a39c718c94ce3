"""Paths: what they read, and what is said of those that are none."""

from __future__ import annotations

import pytest

from transformer.paths import EACH, MISSING, BadPath, WrongShape, expand, parse, to_text, walk

DOCUMENT = {
    "a": {"b": [{"c": 1}, {"c": 2}, {}]},
    "odd name": {"x.y": 3, "`": 4},
    "@id": "7",
    "null": None,
    "0": "zero",
}


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("a.b", ("a", "b")),
        ("$.a.b", ("a", "b")),
        ("$", ()),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ("a.b[-1]", ("a", "b", -1)),
        ("a[*].b[*]", ("a", EACH, "b", EACH)),
        ("[0].x", (0, "x")),
        ("$[*].x", (EACH, "x")),
        ("`odd name`.`x.y`", ("odd name", "x.y")),
        ("soap:Body.@id.#text", ("soap:Body", "@id", "#text")),
        ("größe.first-name", ("größe", "first-name")),
        ("$ref", ("$ref",)),
        ("0", ("0",)),
    ],
)
def test_a_path_is_read_into_steps(path, steps):
    assert parse(path) == steps


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        ".a",
        "a.",
        "a..b",
        "a b",
        "a[",
        "a[x]",
        "a[1",
        "a[]",
        "`a",
        "a`b`",
        "a[*]b",
        "a.[0]",
        "a && b",
        "total > 1000",
        "a[1.5]",
        "$.",
        "a\n",
        "x" * 2_000,
        "a[99999999]",
    ],
)
def test_what_is_no_path_is_refused_with_a_remedy(path):
    with pytest.raises(BadPath) as caught:
        parse(path)
    assert "path" in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b[0].c", 1),
        ("a.b[-1].c", MISSING),
        ("a.b[9]", MISSING),
        ("a.b[-4]", MISSING),
        ("nothing.at.all", MISSING),
        ("null", None),
        ("null.below", MISSING),
        ("`odd name`.`x.y`", 3),
        ("@id", "7"),
        ("0", "zero"),
        ("$", DOCUMENT),
    ],
)
def test_a_path_leads_to_its_value(path, value):
    found = walk(DOCUMENT, parse(path))
    assert found is value or found == value


@pytest.mark.parametrize(
    ("path", "at", "expected"), [("a.b.c", ("a", "b"), "object"), ("a[0]", ("a",), "array")]
)
def test_a_step_into_the_wrong_shape_says_where(path, at, expected):
    with pytest.raises(WrongShape) as caught:
        walk(DOCUMENT, parse(path))
    assert (caught.value.at, caught.value.expected) == (at, expected)


def test_a_star_gives_every_value_with_its_place():
    assert expand(DOCUMENT, parse("a.b[*].c")) == [
        (("a", "b", 0, "c"), 1),
        (("a", "b", 1, "c"), 2),
        (("a", "b", 2, "c"), MISSING),
    ]
    assert expand(DOCUMENT, parse("nothing[*].c")) is None
    nested = {"a": [{"b": [1, 2]}, {"b": [3]}, {}]}
    assert [v for _, v in expand(nested, parse("a[*].b[*]"))] == [1, 2, 3, MISSING]


def test_a_lone_value_counts_as_one_only_when_asked():
    with pytest.raises(WrongShape):
        expand({"a": {"b": 1}}, parse("a[*].b"))
    assert expand({"a": {"b": 1}}, parse("a[*].b"), lone=True) == [(("a", "b"), 1)]


def test_a_place_is_written_as_a_path():
    assert to_text(("lines", 0, "unit price")) == "$.lines[0].`unit price`"
    assert to_text(("lines", 0), "") == "lines[0]"
    assert to_text(()) == "$"

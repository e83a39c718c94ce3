"""There and back: equal for everything that the format says it can hold.

HUB_EXAMPLES raises the number of cases (20,000 for a thorough run).
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transformer.services import compile_spec, decode_body, encode_body

EXAMPLES = int(os.environ.get("HUB_EXAMPLES", "100"))
thorough = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

NAME = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)
CHARACTERS = st.characters(
    exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\n\t\r"
)
# What the simple shape can hold: text with no space at its ends, and not empty.
TEXT = st.text(CHARACTERS, min_size=1, max_size=20).map(str.strip).filter(bool)
ATTRIBUTES = st.dictionaries(NAME.map("@{}".format), st.text(CHARACTERS, max_size=10), max_size=3)


def element(inner):
    """An object with attributes and children; never quite empty, since that reads as null."""
    children = st.dictionaries(NAME, inner | st.lists(inner, min_size=2, max_size=4), max_size=4)
    return st.builds(lambda a, c: {**a, **c}, ATTRIBUTES, children).filter(bool)


XML = st.dictionaries(
    NAME, st.recursive(st.none() | TEXT, element, max_leaves=15), min_size=1, max_size=1
)
FORM = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
    | st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5), min_size=2, max_size=4
    ),
    min_size=1,
    max_size=6,
)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
JSON = st.recursive(
    SCALAR,
    lambda i: st.lists(i, max_size=4) | st.dictionaries(NAME, i, max_size=4),
    max_leaves=15,
)


@thorough
@given(XML)
def test_xml_gives_back_what_it_was_given(document):
    assert decode_body(*encode_body("xml", document)) == document


@thorough
@given(FORM)
def test_forms_give_back_what_they_were_given(document):
    assert decode_body(*encode_body("form", document)) == document


@thorough
@given(JSON)
def test_json_gives_back_what_it_was_given_types_and_order_too(document):
    again = decode_body(*encode_body("json", document))
    assert again == document
    assert repr(again) == repr(document)


@thorough
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), min_size=1))
def test_text_gives_back_what_it_was_given(document):
    assert decode_body(*encode_body("text", document)) == document


@thorough
@given(JSON)
def test_a_plain_path_changes_nothing(document):
    moved = compile_spec({"rules": [{"source": "a.b", "target": "x.y"}]}, response=False)
    assert repr(moved.run({"a": {"b": document}})) == repr({"x": {"y": document}})


@thorough
@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_written_as_text_come_back_the_same(number):
    kind = "integer" if isinstance(number, int) else "number"
    there = compile_spec(
        {"rules": [{"source": "n", "target": "n", "type": "string"}]}, response=False
    )
    back = compile_spec({"rules": [{"source": "n", "target": "n", "type": kind}]}, response=False)
    assert back.run(there.run({"n": number})) == {"n": number}


@thorough
@given(
    JSON,
    st.sampled_from(
        [
            "string",
            "integer",
            "number",
            "decimal",
            "boolean",
            "date",
            "datetime",
            "time",
            "uuid",
            "bytes",
            "array",
            "object",
        ]
    ),
)
def test_a_conversion_succeeds_or_is_told_never_anything_else(value, kind):
    spec = {"rules": [{"source": "v", "target": "v", "type": kind}]}
    outcome = compile_spec(spec, response=False).attempt({"v": value})
    assert outcome.failed != (outcome.result is not None)
    assert outcome.failed == bool(outcome.faults)

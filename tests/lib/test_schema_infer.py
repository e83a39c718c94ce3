"""Schemas made of samples: every sample fits, and what was always there is required."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from integration_hub.lib.schema import compile_schema
from integration_hub.lib.schema_infer import infer_schema

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def test_types_required_members_and_formats_are_those_of_all_samples():
    found = infer_schema(
        [
            {"id": 7, "at": "2026-11-23T08:05:00Z", "mail": None, "n": 1, "tags": ["a"]},
            {"id": 8, "at": "2026-11-24T08:05:00Z", "mail": "a@example.com", "n": 1.5, "x": True},
        ]
    )
    properties = found["properties"]
    assert found["required"] == ["at", "id", "mail", "n"]
    assert properties["id"] == {"type": "integer"}
    assert properties["n"] == {"type": "number"}
    assert properties["at"] == {"type": "string", "format": "date-time"}
    assert properties["tags"] == {"type": "array", "items": {"type": "string"}}
    mail = compile_schema(properties["mail"])
    assert mail.is_valid(None)
    assert mail.is_valid("b@example.com")
    assert not mail.is_valid("none")


def test_a_format_that_one_text_lacks_is_not_claimed():
    assert infer_schema(["2026-11-23", "later"])["type"] == "string"
    assert "format" not in infer_schema(["2026-11-23", "later"])
    assert "format" not in infer_schema(["note: done"])
    assert infer_schema(["https://a.example/x"])["format"] == "uri"


@settings(max_examples=100, deadline=None)
@given(st.lists(JSON, min_size=1, max_size=4))
def test_every_sample_fits(samples):
    judge = compile_schema(infer_schema(samples))
    assert all(judge.is_valid(sample) for sample in samples)

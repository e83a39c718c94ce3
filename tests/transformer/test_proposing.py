"""Rules read off two samples: what they make is what was wanted, or it is said where not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transformer.authoring.comparing import differences
from transformer.authoring.proposing import propose
from transformer.services import compile_spec
from transformer.spec_schema import MAX_RULES

ORDER = {
    "order": {"id": "17", "total": 12.5, "paid": "true"},
    "customer": {"first name": "Ada", "mail": "  Ada@Example.COM ", "id": 99},
    "lines": [{"sku": "a-1", "qty": 2}, {"sku": "b-2", "qty": 5}],
    "tags": "red, green, blue",
    "whole": {"deep": [1, 2, {"x": "y"}]},
}


def made(sample, wanted):
    """What the proposed rules make of the sample."""
    spec = {"rules": propose(sample, wanted).rules}
    return compile_spec(spec, response=False).attempt(sample).result


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        ({"number": "17"}, {"source": "order.id"}),
        ({"number": 17}, {"source": "order.id", "type": "integer"}),
        ({"paid": True}, {"source": "order.paid", "type": "boolean"}),
        ({"customer_ref": "99"}, {"source": "customer.id", "type": "string"}),
        ({"name": "Ada"}, {"source": "customer.`first name`"}),
        ({"mail": "ada@example.com"}, {"source": "customer.mail", "transforms": ["trim", "lower"]}),
        ({"skus": ["a-1", "b-2"]}, {"source": "lines[*].sku"}),
        ({"last": "b-2"}, {"source": "lines[1].sku"}),
        ({"copy": ORDER["whole"]}, {"source": "whole"}),
        (
            {"colours": ["red", "green", "blue"]},
            {"source": "tags", "transforms": [{"name": "split", "separator": ", "}]},
        ),
        (
            {"items": [{"code": "a-1", "count": "2"}, {"code": "b-2", "count": "5"}]},
            {
                "source": "lines",
                "each": [
                    {"target": "code", "source": "sku"},
                    {"target": "count", "source": "qty", "type": "string"},
                ],
            },
        ),
    ],
)
def test_the_way_is_found(wanted, rule):
    found = propose(ORDER, wanted)
    (target,) = wanted
    assert found.rules == [{"target": target, **rule}]
    assert found.constants == []
    assert made(ORDER, wanted) == wanted


def test_what_is_found_nowhere_is_a_constant_and_told():
    found = propose(ORDER, {"source": {"system": "the hub"}, "flag": True})
    assert found.constants == ["source.system", "flag"]
    assert made(ORDER, {"source": {"system": "the hub"}}) == {"source": {"system": "the hub"}}


def test_of_equal_values_that_under_a_like_name_is_taken():
    sample = {"a": {"total_amount": 9.5}, "z": {"price": 9.5}, "discount": 9.5}
    (rule,) = propose(sample, {"totalAmount": 9.5}).rules
    assert rule["source"] == "a.total_amount"


def test_items_that_do_not_agree_are_no_list_of_the_same_rules():
    sample = {"lines": [{"sku": "a-1", "other": "x"}, {"sku": "y", "other": "b-2"}]}
    wanted = {"items": [{"code": "a-1"}, {"code": "b-2"}]}
    assert propose(sample, wanted).constants == ["items"]


_leaf = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
)
_name = st.text("abcdef_ .`[]$0", min_size=1, max_size=4).filter(lambda name: "`" not in name)
_json = st.recursive(
    _leaf,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_name, inner, max_size=3),
    max_leaves=12,
)
_object = st.dictionaries(_name, _json, min_size=1, max_size=4)


@settings(max_examples=300, deadline=None)
@given(sample=_json, wanted=_object)
def test_what_is_proposed_makes_what_was_wanted(sample, wanted):
    assert differences(wanted, made(sample, wanted)) == []


@settings(max_examples=200, deadline=None)
@given(sample=_object)
def test_everything_is_found_in_itself(sample):
    assert differences(sample, made(sample, sample)) == []


def test_differences_name_the_place_and_both_values():
    found = differences({"a": [1, {"b/c": 2}], "gone": 1}, {"a": [1, {"b/c": "2"}], "new": None})
    assert found == [
        {"pointer": "/a/1/b~1c", "expected": "2", "got": '"2"'},
        {"pointer": "/gone", "expected": "1", "got": "(absent)"},
        {"pointer": "/new", "expected": "(absent)", "got": "null"},
    ]


def test_large_samples_take_bounded_time():
    sample = {f"group{n}": {f"name{m}": f"Value {n} {m}" for m in range(50)} for n in range(400)}
    wanted = {f"g{n}": {f"n{m}": f"value {n} {m}" for m in range(50)} for n in range(400)}
    before = time.process_time()
    found = propose(sample, wanted)
    assert time.process_time() - before < 5
    assert len(found.rules) == MAX_RULES

"""Rules at work: values, absence, lists, faults."""

from __future__ import annotations

import copy

import pytest

from integration_hub.lib.errors import TransformFailed
from transformer.services import compile_spec

ORDER = {
    "id": "17",
    "customer": {"email": "  Ada@Example.COM ", "name": None, "vip": True},
    "lines": [{"sku": "a", "qty": "2"}, {"sku": "b"}, {"sku": "c", "qty": "x"}],
    "tags": ["red", "blue"],
    "big": 12345678901234567890123,
}


def run(*rules, document=ORDER, response=False, **spec):
    return compile_spec({"rules": list(rules), **spec}, response=response).run(document)


def errors(*rules, document=ORDER, **spec):
    with pytest.raises(TransformFailed) as caught:
        run(*rules, document=document, **spec)
    return [fault.as_dict() for fault in caught.value.errors]


def test_values_move_to_nested_targets():
    assert run(
        {"source": "id", "target": "order.id", "type": "integer"},
        {"source": "big", "target": "order.big"},
        {"source": "tags[0]", "target": "order.colours[1]"},
        {"value": {"k": [1]}, "target": "fixed"},
    ) == {
        "order": {"id": 17, "big": ORDER["big"], "colours": [None, "red"]},
        "fixed": {"k": [1]},
    }


def test_the_whole_input_and_the_whole_result_are_written_as_dollar():
    assert run({"source": "tags", "target": "$"}) == ["red", "blue"]
    assert run({"source": "$", "target": "all"}, document=5) == {"all": 5}
    assert run({"source": "tags[0]", "target": "[1].a"}) == [None, {"a": "red"}]


def test_transforms_come_in_order_and_before_the_type():
    assert run(
        {"source": "customer.email", "target": "email", "transforms": ["trim", "lower"]},
        {"source": "n", "target": "n", "transforms": ["trim"], "type": "integer"},
        document={"customer": {"email": " A@B "}, "n": " 5 "},
    ) == {"email": "a@b", "n": 5}


def test_what_is_missing_is_left_out_unless_the_rule_says_otherwise():
    assert run(
        {"source": "no", "target": "skipped"},
        {"source": "no", "target": "nulled", "on_missing": "null"},
        {"source": "no", "target": "given", "default": [1]},
        {"source": "no", "target": "said", "default": 2, "on_missing": "default"},
        {"source": "no", "target": "kept", "required": True, "default": 3},
    ) == {"nulled": None, "given": [1], "said": 2, "kept": 3}


def test_null_is_a_value_and_passes_also_by_a_type():
    assert run({"source": "customer.name", "target": "name", "type": "string", "default": "x"}) == {
        "name": None
    }


def test_a_required_value_may_be_neither_missing_nor_null():
    found = errors(
        {"source": "no", "target": "a", "required": True},
        {"source": "customer.name", "target": "b", "required": True},
        {"source": "no.way", "target": "c", "on_missing": "fail"},
    )
    assert [(e["code"], e["target"], e["source_path"], e["pointer"]) for e in found] == [
        ("MISSING", "a", "$.no", "/no"),
        ("MISSING", "b", "$.customer.name", "/customer/name"),
        ("MISSING", "c", "$.no.way", "/no/way"),
    ]


def test_each_makes_an_object_of_every_element():
    rule = {
        "source": "lines",
        "target": "items",
        "each": [
            {"source": "sku", "target": "product.sku"},
            {
                "source": "qty",
                "target": "count",
                "type": "integer",
                "on_error": "null",
                "default": 1,
            },
        ],
    }
    assert run(rule) == {
        "items": [
            {"product": {"sku": "a"}, "count": 2},
            {"product": {"sku": "b"}, "count": 1},
            {"product": {"sku": "c"}, "count": None},
        ]
    }


def test_an_error_in_an_element_names_its_place_in_input_and_result():
    [error] = errors(
        {"value": 1, "target": "x"},
        {
            "source": "lines",
            "target": "order.items",
            "each": [{"source": "qty", "target": "count.n", "type": "integer"}],
        },
    )
    assert error == {
        "pointer": "/lines/2/qty",
        "detail": "Not of the type integer.",
        "code": "TYPE",
        "rule": 1,
        "target": "order.items[2].count.n",
        "source_path": "$.lines[2].qty",
        "value": "x",
        "expected": "integer",
    }


def test_each_inside_each_keeps_its_place():
    document = {"a": [{"b": [{"c": "1"}, {"c": "x"}]}]}
    inner = {
        "source": "b",
        "target": "q",
        "each": [{"source": "c", "target": "r", "type": "integer"}],
    }
    [error] = errors({"source": "a", "target": "p", "each": [inner]}, document=document)
    assert (error["source_path"], error["target"]) == ("$.a[0].b[1].c", "p[0].q[1].r")


def test_a_star_gathers_values_and_types_apply_to_each():
    assert run({"source": "lines[*].sku", "target": "skus", "transforms": ["upper"]}) == {
        "skus": ["A", "B", "C"]
    }
    [error] = errors({"source": "lines[*].qty", "target": "q", "type": "integer"})
    assert (error["source_path"], error["value"]) == ("$.lines[2].qty", "x")


def test_an_element_without_the_value_follows_on_missing():
    assert run({"source": "lines[*].qty", "target": "q"}) == {"q": ["2", "x"]}
    assert run({"source": "lines[*].qty", "target": "q", "default": "0"}) == {"q": ["2", "0", "x"]}
    assert run({"source": "lines[*].qty", "target": "q", "on_missing": "null"}) == {
        "q": ["2", None, "x"]
    }
    [error] = errors({"source": "lines[*].qty", "target": "q", "required": True})
    assert (error["code"], error["pointer"]) == ("MISSING", "/lines/1/qty")


def test_a_transform_of_lists_takes_the_list():
    assert run(
        {
            "source": "tags",
            "target": "t",
            "transforms": ["upper", {"name": "join", "separator": "+"}],
        }
    ) == {"t": "RED+BLUE"}
    assert run(
        {
            "source": "s",
            "target": "n",
            "cardinality": "many",
            "type": "integer",
            "transforms": [{"name": "split", "separator": ","}],
        },
        document={"s": "1,2"},
    ) == {"n": [1, 2]}


def test_many_never_collapses_and_one_refuses_several():
    assert run(
        {"source": "a", "target": "a", "cardinality": "many", "type": "integer"},
        document={"a": "1"},
    ) == {"a": [1]}
    assert run({"source": "a", "target": "a", "cardinality": "many"}, document={"a": [1]}) == {
        "a": [1]
    }
    assert run({"source": "a", "target": "a", "cardinality": "one"}, document={"a": [1]}) == {
        "a": 1
    }
    assert run(
        {"source": "a[*].b", "target": "a", "cardinality": "many"}, document={"a": {"b": 1}}
    ) == {"a": [1]}
    [error] = errors({"source": "tags", "target": "t", "cardinality": "one"})
    assert error["code"] == "CARDINALITY"
    [error] = errors(
        {"source": "a", "target": "t", "cardinality": "one", "required": True}, document={"a": []}
    )
    assert error["code"] == "MISSING"


def test_each_over_a_lone_element_needs_many():
    rule = {"source": "line", "target": "l", "each": [{"source": "q", "target": "q"}]}
    [error] = errors(rule, document={"line": {"q": 1}})
    assert "cardinality: many" in error["detail"]
    assert run(rule | {"cardinality": "many"}, document={"line": {"q": 1}}) == {"l": [{"q": 1}]}
    assert run(rule | {"cardinality": "one"}, document={"line": [{"q": 1}]}) == {"l": {"q": 1}}
    assert run(rule, document={"line": None}) == {"l": None}


def test_a_rule_holds_only_when_its_condition_is_there_and_true():
    for value, there in (
        (True, True),
        (1, True),
        ("x", True),
        ([0], True),
        (False, False),
        (0, False),
        ("", False),
        ([], False),
        (None, False),
    ):
        made = run({"value": 1, "target": "t", "when": "a.b"}, document={"a": {"b": value}})
        assert bool(made) is there
    assert run({"value": 1, "target": "t", "when": "a.b"}, document={}) == {}


def test_the_later_of_two_rules_for_one_target_wins_if_it_has_a_value():
    rules = ({"source": "a", "target": "t"}, {"source": "b", "target": "t"})
    assert run(*rules, document={"a": 1, "b": 2}) == {"t": 2}
    assert run(*rules, document={"a": 1}) == {"t": 1}


def test_on_error_decides_what_stands_in():
    document = {"n": "x"}
    rule = {"source": "n", "target": "n", "type": "integer"}
    assert run(rule | {"on_error": "null"}, document=document) == {"n": None}
    assert run(rule | {"on_error": "default", "default": 0}, document=document) == {"n": 0}
    compiled = compile_spec({"rules": [rule | {"on_error": "collect"}]}, response=False)
    assert compiled.run(document) == {}
    outcome = compiled.attempt(document)
    assert not outcome.failed
    assert [fault.code for fault in outcome.faults] == ["TYPE"]


def test_a_path_into_the_wrong_shape_is_an_error_not_an_absence():
    [error] = errors({"source": "tags.red", "target": "t"})
    assert (error["code"], error["pointer"], error["expected"]) == ("TYPE", "/tags", "object")
    assert "[*]" in error["detail"]


def test_every_error_is_told_up_to_a_hundred():
    document = {"n": ["x"] * 500}
    assert (
        len(errors({"source": "n[*]", "target": "n", "type": "integer"}, document=document)) == 100
    )


def test_the_value_of_a_secret_is_never_in_an_error():
    document = {"auth": {"password": "hunter2"}, "x": {"api_key": "k-123456"}, "y": "s3cr3t-value"}
    found = errors(
        {"source": "auth.password", "target": "a", "type": "integer"},
        {"source": "x", "target": "b", "type": "integer"},
        {"source": "y", "target": "client_secret", "type": "integer"},
        document=document,
    )
    assert [error["value"] for error in found] == ["***", '{"api_key":"***"}', "***"]


def test_a_long_value_is_cut_in_an_error():
    [error] = errors(
        {"source": "n", "target": "n", "type": "integer"}, document={"n": "x" * 10_000}
    )
    assert len(error["value"]) == 256


def test_failures_say_which_side_of_the_call_they_are_on():
    for response, status in ((False, 422), (True, 502)):
        with pytest.raises(TransformFailed) as caught:
            run({"source": "no", "target": "t", "required": True}, response=response)
        assert caught.value.http_status == status


def test_neither_the_input_nor_the_spec_is_changed_by_a_run():
    before = copy.deepcopy(ORDER)
    compiled = compile_spec(
        {
            "rules": [
                {"source": "customer", "target": "c"},
                {"value": {"k": []}, "target": "v"},
                {"source": "no", "target": "d", "default": {"k": []}},
            ]
        },
        response=False,
    )
    first = compiled.run(ORDER)
    first["v"]["k"].append(1)
    first["d"]["k"].append(1)
    assert compiled.run(ORDER)["v"] == compiled.run(ORDER)["d"] == {"k": []}
    assert before == ORDER


def test_input_and_output_are_held_against_their_schemas():
    spec = {
        "input": {"schema": {"type": "object", "required": ["id"]}},
        "output": {"schema": {"properties": {"id": {"type": "integer"}}}},
    }
    rule = {"source": "id", "target": "id"}
    assert run(rule, document={"id": 1}, **spec) == {"id": 1}
    assert [(e["code"], e["pointer"]) for e in errors(rule, document={}, **spec)] == [
        ("SCHEMA", "/id")
    ]
    assert [(e["code"], e["pointer"]) for e in errors(rule, document={"id": "1"}, **spec)] == [
        ("SCHEMA", "/id")
    ]


def test_without_rules_the_document_passes_between_its_formats():
    compiled = compile_spec(
        {
            "input": {"format": "xml", "options": {"force_list": ["b"]}},
            "output": {"format": "form"},
        },
        response=False,
    )
    assert compiled.run(compiled.read(b"<a><b>1</b></a>", "text/plain")) == {"a": {"b": ["1"]}}
    assert compiled.write({"x": 1}, "json")[0] == b"x=1"


def test_a_limit_of_time_ends_a_run(fake_clock):
    compiled = compile_spec(
        {
            "rules": [{"source": "a", "target": "a", "each": [{"source": "b", "target": "b"}]}],
            "limits": {"timeout_ms": 5},
        },
        response=False,
    )

    assert compiled.run({"a": [{"b": 1}, {"b": 2}]})
    slow = compile_spec(
        {"rules": [{"value": 1, "target": "a"}], "limits": {"timeout_ms": 1}}, response=False
    )
    original = fake_clock.monotonic
    fake_clock.monotonic = lambda: (fake_clock.advance(1), original())[1]
    with pytest.raises(TransformFailed) as caught:
        slow.run({})
    assert [fault.code for fault in caught.value.errors] == ["LIMIT_TIME"]

"""JSONata in rules and specs: what it gives, what it refuses, on both engines."""

from __future__ import annotations

import json

import pytest

from integration_hub.lib.errors import TransformFailed, ValidationFailed
from transformer.preview import preview
from transformer.services import compile_spec

ENGINES = ("jlens", "jsonata_python")
BIG = 2**53


@pytest.fixture(params=ENGINES)
def engine(request, settings):
    settings.HUB_EXPRESSION_ENGINE = request.param
    return request.param


def run(spec, document=None):
    return compile_spec(spec, response=False).run(document)


def expression(text, document=None):
    return run({"expression": text}, document)


def refused(spec, document=None):
    with pytest.raises(TransformFailed) as caught:
        run(spec, document)
    return caught.value.errors[0]


def not_compiled(spec):
    with pytest.raises(ValidationFailed) as caught:
        compile_spec(spec, response=False)
    return caught.value.errors


ORDER = {
    "customer": {"first": "Ada", "last": "L.", "mail": None},
    "lines": [{"sku": "a", "qty": 2, "price": 1.5}, {"sku": "b", "qty": 1, "price": 4}],
}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("customer.first & ' ' & customer.last", "Ada L."),
        ("$sum(lines.(qty * price))", 7),
        ("lines[qty > 1].sku", "a"),
        ("lines{sku: $sum(qty)}", {"a": 2, "b": 1}),
        ('{"skus": [lines.sku], "n": $count(lines)}', {"skus": ["a", "b"], "n": 2}),
        ("$map(lines, function($l) {$uppercase($l.sku)})", ["A", "B"]),
        ("lines^(>price).sku", ["b", "a"]),
        ("customer.mail", None),
        ("customer.nobody", None),
        ("[1..3]", [1, 2, 3]),
        ("true and (1 in [1, 2])", True),
        ("$fromMillis(0)", "1970-01-01T00:00:00.000Z"),
        ("'ä\u2028🎉'", "ä\u2028🎉"),
        ("$replace('a-b', /-/, '+')", "a+b"),
        ("'9007199254740993'", "9007199254740993"),
    ],
)
def test_an_expression_makes_the_document(engine, text, result):
    assert expression(text, ORDER) == result


def test_a_rule_reads_by_expression_and_then_does_all_that_rules_do(engine):
    rules = [
        {"expr": "customer.first & ' '", "target": "name", "transforms": ["trim", "upper"]},
        {"expr": "lines[sku='a'].sku", "target": "skus", "cardinality": "many"},
        {"expr": "$string(lines[0].qty)", "target": "first", "type": "integer"},
        {"expr": "nothing", "target": "gone"},
        {"expr": "nothing", "target": "stand_in", "default": 5},
        {"expr": "customer.mail", "target": "mail"},
        {
            "source": "lines",
            "target": "lines",
            "each": [{"expr": "qty * price", "target": "total"}],
        },
    ]
    assert run({"rules": rules}, ORDER) == {
        "name": "ADA",
        "skus": ["a"],
        "first": 2,
        "stand_in": 5,
        "mail": None,
        "lines": [{"total": 3}, {"total": 4}],
    }


def test_what_an_expression_lacks_or_gives_wrongly_is_told_with_its_rule(engine):
    fault = refused({"rules": [{"expr": "nothing", "target": "t", "required": True}]}, ORDER)
    assert (fault.code, fault.rule, fault.target) == ("MISSING", 0, "t")
    fault = refused({"rules": [{"expr": "'x'", "target": "t", "type": "integer"}]}, ORDER)
    assert (fault.code, fault.value, fault.expected) == ("TYPE", "x", "integer")
    fault = refused({"rules": [{"expr": "'x' + 1", "target": "t"}]}, ORDER)
    assert (fault.code, fault.rule, fault.source_path) == ("EXPR_RUNTIME", 0, None)
    assert "T2001" in fault.detail
    rule = {"expr": "'x' + 1", "target": "t", "on_error": "default", "default": 0}
    assert run({"rules": [rule]}, ORDER) == {"t": 0}


@pytest.mark.parametrize(
    ("document", "text"),
    [({"n": BIG}, "n"), ({"n": [-BIG]}, "n[0] + 1"), ({"a": {"n": 10**30}}, "a")],
)
def test_an_integer_that_the_engine_would_round_is_refused(engine, document, text):
    assert refused({"expression": text}, document).code == "PRECISION_LOSS"


@pytest.mark.parametrize("text", ["9007199254740991 + 2", "$number('9007199254740993')"])
def test_a_result_that_may_be_rounded_is_refused(engine, text):
    assert refused({"expression": text}).code == "PRECISION_LOSS"


@pytest.mark.parametrize(
    "text", ["9007199254740993", "[1, -12345678901234567890]", "a/*x*/=10000000000000001"]
)
def test_a_number_in_the_text_that_is_not_what_it_says_is_refused(engine, text):
    assert [fault.code for fault in not_compiled({"expression": text})] == ["PRECISION_LOSS"]


def test_large_integers_pass_beside_an_expression():
    spec = {"rules": [{"source": "id", "target": "id"}, {"expr": "name & '!'", "target": "name"}]}
    assert run(spec, {"id": 10**30, "name": "x"}) == {"id": 10**30, "name": "x!"}


def test_the_largest_exact_integers_pass(engine):
    assert expression("[n, -n]", {"n": BIG - 1}) == [BIG - 1, 1 - BIG]


@pytest.mark.parametrize("text", ["$eval('1')", "['1'].$eval($)", "( $e := $eval; $e('1') )"])
def test_data_does_not_become_code(engine, text):
    [fault] = not_compiled({"expression": text})
    assert fault.code == "EXPR_COMPILE"
    assert "$eval" in fault.detail


def test_the_word_eval_in_a_text_is_only_a_word(engine):
    assert expression("'$eval' & /* $eval */ `$eval`", {"$eval": "!"}) == "$eval!"


@pytest.mark.parametrize("text", ["a +", "foo(", "a[", '"', "((((", "1 +\n  + * 2", "\x00(", "/(/"])
def test_what_does_not_compile_says_so_when_the_spec_is_checked(engine, text):
    [fault] = not_compiled({"expression": text})
    assert (fault.pointer, fault.code) == ("/expression", "EXPR_COMPILE")


def test_the_place_in_the_text_is_told():
    [fault] = not_compiled({"rules": [{"expr": "a &\n  b &", "target": "t"}]})
    assert fault.pointer == "/rules/0/expr"
    assert "line 2, character" in fault.detail


def test_every_fault_of_every_expression_is_told_at_once(engine):
    rules = [
        {"expr": "a +", "target": "x"},
        {"source": "l", "target": "l", "each": [{"expr": "$eval(a)", "target": "y"}]},
        {"expr": "a" * 9_000, "target": "z"},
    ]
    assert {fault.pointer: fault.code for fault in not_compiled({"rules": rules})} == {
        "/rules/0/expr": "EXPR_COMPILE",
        "/rules/1/each/0/expr": "EXPR_COMPILE",
        "/rules/2/expr": "LIMIT_SIZE",
    }


def test_one_body_and_one_source():
    both = {"expression": "a", "rules": [{"source": "a", "target": "t"}]}
    assert [fault.pointer for fault in not_compiled(both)] == ["/expression"]
    [fault] = not_compiled({"rules": [{"source": "a", "expr": "a", "target": "t"}]})
    assert "`expr`" in fault.detail


def test_a_preview_shows_what_an_expression_did(engine):
    answer = preview(spec={"rules": [{"expr": "a + 1", "target": "b"}]}, sample={"a": 1})
    assert answer["result"] == {"b": 2}
    assert answer["trace"][0]["wrote"] == "2"
    answer = preview(spec={"expression": "a + 1"}, sample={"a": 1})
    assert (answer["result"], answer["trace"][0]["wrote"]) == (2, "2")


def test_a_secret_value_is_in_no_error(engine):
    for spec in (
        {"expression": "$number(password)"},
        {"rules": [{"expr": "$number(password)", "target": "x"}]},
        {"rules": [{"expr": "password", "target": "x", "type": "integer"}]},
    ):
        fault = refused(spec, {"password": "hunter2"})
        assert "hunter2" not in json.dumps(fault.as_dict())


def test_the_input_that_an_expression_does_not_read_may_hold_anything():
    assert expression("a", {"a": 1, "b": BIG * 4}) == 1
    assert expression("42", 10**40) == 42

"""JSON templates: a document with holes, filled by paths and expressions."""

from __future__ import annotations

import json

import pytest

from integration_hub.lib.errors import TransformFailed, ValidationFailed
from transformer.preview import preview
from transformer.services import compile_spec

ORDER = {
    "id": 10**30,
    "customer": {"name": "Ada", "mail": None, "password": "hunter2"},
    "lines": [{"sku": "a", "price": 1.5}, {"price": 2}],
    "odd name": {"a.b": 1},
}


def fill(template, document=None):
    spec = {"template": template}
    return compile_spec(spec, response=False).run(ORDER if document is None else document)


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("${id}", 10**30),
        ("${customer}", ORDER["customer"]),
        ("${$}", ORDER),
        ("${nothing}", None),
        ({"a": "${customer.mail}", "b": "${nothing}"}, {"a": None}),
        (["${nothing}", 1, "${id}"], [None, 1, 10**30]),
        ({"skus": "${lines[*].sku}"}, {"skus": ["a", None]}),
        ({"one": {"deep": ["${lines[1].price}"]}}, {"one": {"deep": [2]}}),
        ("${`odd name`.`a.b`}", 1),
        ("Order ${id} of ${customer.name}!", f"Order {10**30} of Ada!"),
        ("costs $${5}, ${customer.name}", "costs ${5}, Ada"),
        ("$${id}", "${id}"),
        ("$5 {x} }", "$5 {x} }"),
        ("${= $sum(lines.price) }", 3.5),
        ({"x": "${= {'a': {'b': customer.name}} }"}, {"x": {"a": {"b": "Ada"}}}),
        ({"x": "${= nothing}"}, {}),
        (5, 5),
        ({}, {}),
        (None, None),
    ],
)
def test_a_template_is_filled(template, made):
    assert fill(template) == made


def test_constants_are_never_shared_between_results():
    transform = compile_spec({"template": {"a": [], "b": {"c": []}}}, response=False)
    transform.run({})["b"]["c"].append(1)
    assert transform.run({}) == {"a": [], "b": {"c": []}}


@pytest.mark.parametrize(
    ("template", "code", "target"),
    [
        ({"t": "Dear ${customer.nobody}"}, "MISSING", "t"),
        ({"t": "Dear ${customer.mail}"}, "MISSING", "t"),
        ({"t": ["Dear ${customer}"]}, "TYPE", "t[0]"),
        ({"t": "${id.x}"}, "TYPE", "t"),
        ({"t": "${= 'x' + 1}"}, "EXPR_RUNTIME", "t"),
        ({"t": "${= id}"}, "PRECISION_LOSS", "t"),
    ],
)
def test_what_cannot_be_filled_is_told_with_its_place_in_the_result(template, code, target):
    with pytest.raises(TransformFailed) as caught:
        fill(template)
    [fault] = caught.value.errors
    assert (fault.code, fault.target) == (code, target)


def test_every_fault_is_told_and_no_secret():
    with pytest.raises(TransformFailed) as caught:
        fill(
            {"a": "${customer.password.x}", "b": "${= $number(customer.password)}", "c": "${id.x}"}
        )
    assert len(caught.value.errors) == 3
    assert "hunter2" not in json.dumps([fault.as_dict() for fault in caught.value.errors])


@pytest.mark.parametrize(
    ("template", "pointer", "code"),
    [
        ({"a": "${a b}"}, "/template/a", "PATH"),
        ({"a": ["x ${a..b}"]}, "/template/a/0", "PATH"),
        ({"a": "x ${= 1}"}, "/template/a", "INVALID"),
        ({"a": "${id"}, "/template/a", "INVALID"),
        ({"a": "${= 1 +}"}, "/template/a", "EXPR_COMPILE"),
        ({"${id}": 1}, "/template/${id}", "INVALID"),
        ([f"${{a{n}}}" for n in range(2_001)], "/template/2000", "LIMIT_SIZE"),
    ],
)
def test_a_template_that_is_none_is_refused_with_the_place(template, pointer, code):
    with pytest.raises(ValidationFailed) as caught:
        compile_spec({"template": template}, response=False)
    assert [(fault.pointer, fault.code) for fault in caught.value.errors] == [(pointer, code)]


def test_a_preview_shows_each_value_of_a_template():
    template = {"a": "${id}", "b": "${customer.password}", "c": "${= 1 + 1}", "d": "${nothing}"}
    answer = preview(spec={"template": template}, sample={**ORDER, "id": 7})
    assert answer["result"] == {"a": 7, "b": "hunter2", "c": 2}
    shown = [(t["target"], t["wrote"], t["written"]) for t in answer["trace"]]
    assert shown == [("a", "7", True), ("b", "***", True), ("c", "2", True), ("d", None, False)]

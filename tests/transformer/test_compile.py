"""Specs that do not compile say everything that is wrong with them, and where."""

from __future__ import annotations

import time

import pytest

from integration_hub.lib.errors import ValidationFailed
from registry.check import definition_checks
from registry.spec import DefinitionSpec, MethodSpec
from transformer.services import compile_spec


def faults(spec):
    with pytest.raises(ValidationFailed) as caught:
        compile_spec(spec, response=False)
    return {fault.pointer: fault.code for fault in caught.value.errors}


def rule(**members):
    return {"source": "a", "target": "t", **members}


def test_a_rule_of_wrong_shape_does_not_hide_what_others_get_wrong():
    spec = {"rules": [rule(type="int"), rule(source="a..b"), 5, rule(target="t["), rule(value=1)]}
    assert faults(spec | {"bogus": 1}) == {
        "/bogus": "UNKNOWN_MEMBER",
        "/rules/0/type": "ENUM",
        "/rules/1/source": "PATH",
        "/rules/2": "TYPE",
        "/rules/3/target": "PATH",
        "/rules/4": "INVALID",
    }


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({}, {"/rules": "REQUIRED"}),
        ([], {"": "TYPE"}),
        ({"rules": []}, {"/rules": "MIN_ITEMS"}),
        ({"rules": [5]}, {"/rules/0": "TYPE"}),
        ({"rulez": [], "rules": [rule()]}, {"/rulez": "UNKNOWN_MEMBER"}),
        ({"version": 2, "rules": [rule()]}, {"/version": "CONST"}),
        ({"expression": "a +"}, {"/expression": "EXPR_COMPILE"}),
        ({"expression": 5}, {"/expression": "TYPE"}),
        ({"expression": "a", "template": {}}, {"/template": "CONFLICT"}),
        ({"template": {"a": ["${= 1 +}"]}}, {"/template/a/0": "EXPR_COMPILE"}),
        ({"rules": [{"expr": "a &", "target": "t"}]}, {"/rules/0/expr": "EXPR_COMPILE"}),
        (
            {"rules": [rule(each=[{"expr": "x(", "target": "y"}])]},
            {"/rules/0/each/0/expr": "EXPR_COMPILE"},
        ),
        ({"rules": [rule(tpye="integer")]}, {"/rules/0/tpye": "UNKNOWN_MEMBER"}),
        ({"rules": [rule(type="int")]}, {"/rules/0/type": "ENUM"}),
        ({"rules": [{"source": "a"}]}, {"/rules/0/target": "REQUIRED"}),
        ({"rules": [{"target": "t"}]}, {"/rules/0": "INVALID"}),
        ({"rules": [rule(value=1)]}, {"/rules/0": "INVALID"}),
        ({"rules": [rule(required=True, on_missing="skip")]}, {"/rules/0": "INVALID"}),
        ({"rules": [rule(on_error="default")]}, {"/rules/0": "INVALID"}),
        ({"rules": [rule(type="enum")]}, {"/rules/0": "INVALID"}),
        ({"rules": [rule(values=[1])]}, {"/rules/0": "INVALID"}),
        ({"rules": [rule(each=[rule()], type="string")]}, {"/rules/0": "INVALID"}),
        ({"rules": [rule(source="a b")]}, {"/rules/0/source": "PATH"}),
        ({"rules": [rule(target="t[*]")]}, {"/rules/0/target": "PATH"}),
        ({"rules": [rule(target="t[-1]")]}, {"/rules/0/target": "PATH"}),
        ({"rules": [rule(target="t[100000]")]}, {"/rules/0/target": "PATH"}),
        ({"rules": [rule(when="total > 1000")]}, {"/rules/0/when": "PATH"}),
        ({"rules": [rule(when="a[*]")]}, {"/rules/0/when": "PATH"}),
        ({"rules": [rule(transforms=["trimm"])]}, {"/rules/0/transforms/0": "UNKNOWN_TRANSFORM"}),
        (
            {"rules": [rule(transforms=[{"name": "split"}])]},
            {"/rules/0/transforms/0/separator": "REQUIRED"},
        ),
        (
            {"rules": [rule(transforms=[{"name": "trim", "left": True}])]},
            {"/rules/0/transforms/0/left": "UNKNOWN_MEMBER"},
        ),
        (
            {"rules": [rule(transforms=[{"name": "date_format", "input": "%Q", "output": "%Y"}])]},
            {"/rules/0/transforms/0": "INVALID"},
        ),
        ({"rules": [rule(target="a"), rule(target="a.b")]}, {"/rules/1/target": "CONFLICT"}),
        ({"rules": [rule(target="a.b"), rule(target="a")]}, {"/rules/1/target": "CONFLICT"}),
        ({"rules": [rule(target="a.b"), rule(target="a[0]")]}, {"/rules/1/target": "CONFLICT"}),
        ({"rules": [rule(target="$"), rule(target="a")]}, {"/rules/1/target": "CONFLICT"}),
        ({"input": {"format": "yamll"}}, {"/input/format": "UNKNOWN_FORMAT"}),
        ({"input": {"options": {"a": 1}}}, {"/input/options": "REQUIRED"}),
        (
            {"input": {"format": "xml", "options": {"force": []}}},
            {"/input/options/force": "UNKNOWN_MEMBER"},
        ),
        (
            {"output": {"schema": {"properties": {"a": {"type": "strnig"}}}}},
            {"/output/schema/properties/a/type": "ANY_OF"},
        ),
        ({"input": {"schema": {"$ref": "http://x/y"}}}, {"/input/schema/$ref": "REFERENCE"}),
        ({"rules": [rule()], "limits": {"timeout_ms": 0}}, {"/limits/timeout_ms": "MINIMUM"}),
    ],
)
def test_each_fault_has_its_pointer_and_code(spec, wanted):
    assert faults(spec) == wanted


def test_all_faults_are_told_at_once():
    found = faults(
        {"rules": [rule(source="a b"), rule(transforms=["x", "y"]), rule(each=[rule(source="[")])]}
    )
    assert set(found) == {
        "/rules/0/source",
        "/rules/1/transforms/0",
        "/rules/1/transforms/1",
        "/rules/2/each/0/source",
    }


def test_each_goes_only_so_deep():
    spec = rule()
    for _ in range(30):
        spec = rule(each=[spec])
    assert "LIMIT_DEPTH" in faults({"rules": [spec]}).values()


def test_equal_specs_are_compiled_once_for_each_side():
    spec = {"rules": [rule()]}
    assert compile_spec(spec, response=False) is compile_spec(dict(spec), response=False)
    assert compile_spec(spec, response=True) is not compile_spec(spec, response=False)


def test_two_thousand_rules_compile_in_reasonable_time():
    spec = {
        "rules": [rule(source=f"a.b{n}", target=f"x.y{n}", type="integer") for n in range(2_000)]
    }
    began = time.monotonic()
    compile_spec(spec, response=False)
    assert time.monotonic() - began < 5


def definition(**method):
    return DefinitionSpec(
        slug="acme",
        version="1.0.0",
        name="Acme",
        type="http",
        document={},
        methods={"get/one": MethodSpec(name="get/one", **method)},
    )


def test_a_definition_with_a_broken_spec_is_refused_with_the_place_in_its_document():
    check = definition_checks.get("transforms")
    assert list(check(definition(request_transform={"rules": [rule()]}))) == []
    found = check(
        definition(
            request_transform={"rules": [rule(), rule(source="a b")]},
            response_transform={"expression": "x("},
        )
    )
    assert [fault.pointer for fault in found] == [
        "/methods/get~1one/request_transform/rules/1/source",
        "/methods/get~1one/response_transform/expression",
    ]


def test_a_format_that_would_have_no_effect_is_refused():
    spec = {"rules": [rule()], "input": {"format": "xml"}, "output": {"format": "form"}}
    found = definition_checks.get("transforms")(
        definition(request_transform=spec, response_transform=spec)
    )
    assert [fault.pointer for fault in found] == [
        "/methods/get~1one/request_transform/input/format",
        "/methods/get~1one/request_transform/output/format",
        "/methods/get~1one/response_transform/output/format",
    ]

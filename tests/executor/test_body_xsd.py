"""A body of XML that its method's XSD judges: before the call, with the place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from executor.tcp import messaging
from integration_hub.egress.door import Deadline
from integration_hub.lib.errors import TransformFailed
from integration_hub.lib.yaml_reader import load as load_yaml
from registry.adapter import AdapterCall
from registry.spec import MethodSpec
from tests.executor.adapters.conftest import unsigned
from tests.journeys.steps import client
from transformer.xsd import MAX_XSD

pytestmark = pytest.mark.django_db
HEAD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
ORDER = f"""{HEAD}
  <xs:element name="order"><xs:complexType>
    <xs:sequence>
      <xs:element name="qty" type="xs:positiveInteger" maxOccurs="unbounded"/>
      <xs:element name="password" type="xs:integer" minOccurs="0"/>
    </xs:sequence>
    <xs:attribute name="id" type="xs:integer" use="required"/>
    <xs:attribute name="token" type="xs:integer"/>
  </xs:complexType></xs:element>
</xs:schema>"""
RULES = [
    {"source": "number", "target": "order.`@id`"},
    {"source": "counts", "target": "order.qty"},
    {"source": "note", "target": "order.note"},
]


def definition(**http):
    block = {"method": "POST", "path": "/orders", "body": "xml", "body_xsd": ORDER, **http}
    return {
        "slug": "warehouse",
        "name": "Warehouse",
        "version": "1.0.0",
        "type": "http",
        "auth": [{"type": "none"}],
        "methods": {
            "order": {"http": block},
            "shaped": {"http": block, "request_transform": {"rules": RULES}},
        },
    }


@pytest.fixture
def warehouse_of(upstream):
    """`warehouse_of(document)(method, parameters)`: the status and body of a call of it."""
    path = "/api/v1"

    def make(document):
        api = client("manage", "execute")
        assert api.post(f"{path}/definitions", document, format="json").status_code == 201
        api.post(f"{path}/definitions/warehouse@1.0.0/publish", {}, format="json")
        config = {"base_url": upstream.url}
        body = {"definition": "warehouse@^1", "slug": "w", "name": "W", "config": config}
        assert api.post(f"{path}/instances", body, format="json").status_code == 201

        def call(method, parameters):
            address = f"{path}/instances/w/methods/{method}/execute"
            answer = api.post(address, {"parameters": parameters}, format="json")
            return answer.status_code, json.loads(answer.content)

        return call

    return make


@pytest.fixture
def warehouse(warehouse_of):
    return warehouse_of(definition())


def test_a_body_that_fits_is_sent(warehouse, upstream):
    status, _ = warehouse("order", {"order": {"@id": 7, "qty": [1, 2]}})
    assert status == 200
    assert warehouse("shaped", {"number": 8, "counts": [3]})[0] == 200
    assert [hit["body"].splitlines()[-1] for hit in upstream.hits] == [
        '<order id="7"><qty>1</qty><qty>2</qty></order>',
        '<order id="8"><qty>3</qty></order>',
    ]


@pytest.mark.parametrize(
    ("method", "parameters", "place", "said"),
    [
        ("order", {"order": {"@id": 7, "qty": [1, 0]}}, "/order/qty[2]", "'0'"),
        ("order", {"order": {"qty": 1}}, "/order", "'id' is required"),
        ("order", {"invoice": {"@id": 1}}, "/invoice", "No matching global declaration"),
        ("shaped", {"number": 7, "counts": [1], "note": "x"}, "/order/note", "not expected"),
        ("shaped", {"number": "x", "counts": [1]}, "/order", "'x' is not a valid value"),
    ],
)
def test_one_that_does_not_is_refused_before_the_call(
    warehouse, upstream, method, parameters, place, said
):
    status, problem = warehouse(method, parameters)
    assert (status, problem["code"], problem["retryable"]) == (422, "TRANSFORM_ERROR", False)
    assert "does not fit its XSD" in problem["detail"]
    [error] = [found for found in problem["errors"] if said in found["detail"]]
    assert (error["code"], error["source_path"], error["line"]) == ("SCHEMA", place, 2)
    assert upstream.hits == []


@pytest.mark.parametrize("order", [{"password": "hunter2"}, {"@token": "hunter2"}])
def test_a_value_whose_name_sounds_secret_is_not_shown(warehouse, upstream, order):
    status, problem = warehouse("order", {"order": {"@id": 1, "qty": 1, **order}})
    assert status == 422
    assert "hunter2" not in json.dumps(problem)
    assert problem["errors"][0]["source_path"].startswith("/order")
    assert upstream.hits == []


@pytest.mark.parametrize(
    ("http", "pointer", "code"),
    [
        ({"body_xsd": f'{HEAD}<xs:include schemaLocation="http://127.0.0.1:9/a.xsd"/></xs:schema>'},
         "/methods/order/http/body_xsd", "REFERENCE"),
        ({"body_xsd": f'{HEAD}<xs:import schemaLocation="file:///etc/passwd"/></xs:schema>'},
         "/methods/order/http/body_xsd", "REFERENCE"),
        ({"body_xsd": "<a/>"}, "/methods/order/http/body_xsd", "XSD"),
        ({"body_xsd": "<!DOCTYPE a><a/>"}, "/methods/order/http/body_xsd", "XSD"),
        ({"body": "json"}, "/methods/order/http/body_xsd", "XSD"),
        ({"body_xsd": " " * (MAX_XSD + 1)}, "/methods/order/http/body_xsd", ""),
        ({"body_xsd": {"xsd": ORDER}}, "/methods/order/http/body_xsd", ""),
    ],
)  # fmt: skip
def test_what_is_no_xsd_of_a_body_is_refused_with_the_definition(http, pointer, code):
    answer = client("manage").post("/api/v1/definitions", definition(**http), format="json")
    assert answer.status_code == 400
    found = [(error["pointer"], error["code"]) for error in json.loads(answer.content)["errors"]]
    assert any(place == pointer and kind.startswith(code) for place, kind in found), found


def test_an_xsd_in_a_request_transform_is_told_where_it_belongs():
    document = definition()
    spec = {"rules": RULES, "output": {"schema": {"xsd": ORDER}}}
    document["methods"]["shaped"]["request_transform"] = spec
    answer = client("manage").post("/api/v1/definitions", document, format="json")
    [error] = json.loads(answer.content)["errors"]
    assert error["pointer"] == "/methods/shaped/request_transform/output/schema/xsd"
    assert "`body_xsd`" in error["detail"]


@pytest.mark.parametrize("shaped", [False, True])
def test_a_message_that_is_published_is_judged_too(shaped):
    block = {"routing_key": "orders", "body": "xml", "body_xsd": ORDER}
    method = MethodSpec(name="order", protocol=block)

    def message(order):
        made = {"order": order}
        call = AdapterCall(
            method=method,
            config={},
            parameters={} if shaped else made,
            body=made if shaped else None,
            has_body=shaped,
            deadline=Deadline(1),
            sign=unsigned,
        )
        return messaging.message_of(call, addressed=("routing_key",), headers="headers")

    assert message({"@id": 1, "qty": 1}).body.endswith(b"</order>")
    with pytest.raises(TransformFailed, match="does not fit its XSD"):
        message({"@id": 1, "qty": -1})


def test_the_block_in_the_document_works(warehouse_of, upstream):
    page = (Path(__file__).resolve().parents[2] / "docs" / "transforms.md").read_text()
    [block] = re.findall(r"```yaml\n(http:\n.*?)```", page, re.DOTALL)
    call = warehouse_of(definition(**load_yaml(block)["http"]))
    assert call("order", {"order": {"@id": 7, "qty": [1, 2]}})[0] == 200
    assert call("order", {"order": {"@id": 7, "qty": [0]}})[0] == 422
    assert len(upstream.hits) == 1

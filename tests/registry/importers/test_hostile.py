"""Descriptions that are wrong on purpose: refused or cut in bounded time, with the place named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from integration_hub.lib.errors import ValidationFailed
from registry.document import parse_definition
from registry.import_budget import Budget
from registry.import_source import MAX_SOURCE, read_source

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "openapi"


def deep(levels):
    return '{"openapi": "3.0.0", "paths": ' + '{"a": ' * levels + "1" + "}" * levels + "}"


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(("text", "says"), [
    (deep(100), "deeper than 64"),
    (deep(1_000_000), "deeper than 64"),
    (BOMB, "aliases"),
    ("a: &a [*a]", "line 1"),
    (b'{"openapi": "3.0.0", "x": "\xff"}', "UTF-8"),
    (b"openapi: \xff", "UTF-8"),
    ("openapi: !!python/object:os.system x", "tag"),
    (b"\x00" * (MAX_SOURCE + 1), "larger than"),
    ("[]", "object"),
])  # fmt: skip
def test_text_that_cannot_be_read_is_refused_with_the_place(text, says):
    with pytest.raises(ValidationFailed) as refused:
        read_source(document=text)
    assert says in refused.value.detail


def graph(count, width):
    """Schemas of which each refers to `width` others: expanded, they are endless."""
    schemas = {
        f"S{at}": {
            "type": "object",
            "properties": {
                f"r{edge}": {"$ref": f"#/components/schemas/S{(at * 7 + edge * 13 + 1) % count}"}
                for edge in range(width)
            },
        }
        for at in range(count)
    }
    paths = {
        f"/things{at}": {
            "post": {
                "operationId": f"op{at}",
                "responses": {},
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": f"#/components/schemas/S{at}"}}
                    },
                },
            }
        }
        for at in range(count)
    }
    info = {"title": "Graph", "version": "1.0.0"}
    return {"openapi": "3.0.3", "info": info, "paths": paths, "components": {"schemas": schemas}}


def test_schemas_that_refer_to_each_other_without_end_are_cut_and_all_imported(draft_of):
    budget = Budget(characters=400_000)
    draft = draft_of(graph(100, 8), budget=budget)
    assert draft.report()["imported"] == 100
    assert len(json.dumps(draft.document)) < 600_000
    assert any("anything is accepted" in item["note"] for item in draft.notes)
    parse_definition(draft.document)


def test_what_finds_no_room_is_left_out_and_says_so(draft_of):
    draft = draft_of(graph(100, 8), budget=Budget(characters=5_000))
    assert 0 < len(draft.imported) < 100
    assert "too large" in draft.left_out[0]["reason"]


def test_when_time_is_over_the_rest_is_left_out(pets, draft_of):
    with pytest.raises(ValidationFailed) as refused:
        draft_of(pets, budget=Budget(seconds=-1))
    assert "time for one import was over" in refused.value.errors[0].detail


def test_references_in_a_circle_end(pets, draft_of):
    pets["components"]["schemas"]["Pet"] = {"$ref": "#/components/schemas/Other"}
    pets["components"]["schemas"]["Other"] = {"$ref": "#/components/schemas/Pet"}
    pets["paths"]["/pets/{id}"]["get"]["parameters"] = [{"$ref": "#/components/parameters/A"}]
    pets["components"]["parameters"] = {"A": {"$ref": "#/components/parameters/A"}}
    draft = draft_of(pets)
    assert [item["operation"] for item in draft.left_out] == ["get-pet"]


@pytest.mark.parametrize("wrong", [None, 7, "x", [], [7], {"a": 7}, True])
def test_members_of_wrong_types_never_crash_an_import(pets, draft_of, wrong):
    good = {"operationId": "good", "responses": {}}
    members = ("parameters", "requestBody", "responses", "tags", "security", "summary", "servers")
    paths = {f"/{member}": {"post": {member: wrong}} for member in members}
    paths |= {
        "/schema": {"post": {"requestBody": {"content": {"application/json": {"schema": wrong}}}}},
        "/answer": {"get": {"responses": {"200": wrong}}},
        "/content": {"get": {"responses": {"200": {"content": wrong}}}},
        "/media": {"get": {"responses": {"200": {"content": {"application/json": wrong}}}}},
        "/in": {"get": {"parameters": [{"in": wrong, "name": wrong, "schema": wrong}]}},
        "/query": {"get": {"parameters": [{"in": "query", "name": "q", "schema": wrong}]}},
        "/parts": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"allOf": wrong, "properties": wrong, "required": wrong,
                                       "enum": wrong, "items": wrong, "type": wrong},
                        }
                    }
                }
            }
        },
        "/item": wrong,
        "/good": {"get": good},
    }  # fmt: skip
    pets["paths"] = paths
    pets["info"] = pets["servers"] = pets["security"] = pets["externalDocs"] = wrong
    pets["components"] = {"securitySchemes": {"a": wrong}, "schemas": wrong}
    draft = draft_of(pets)
    assert "good" in draft.document["methods"]
    parse_definition(draft.document)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real descriptions are not beside this tree")
def test_real_descriptions_are_imported_whole(draft_of):
    for path in sorted(SHARED.glob("*.json")):
        draft = draft_of(read_source(document=path.read_bytes()))
        assert len(draft.imported) > 40, path.name
        assert not draft.left_out, path.name

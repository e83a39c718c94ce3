"""What each part of an OpenAPI description becomes."""

from __future__ import annotations

import pytest

from integration_hub.lib.errors import ValidationFailed
from integration_hub.lib.schema import compile_schema
from registry.document import parse_definition

BODY = "application/json"


def body(schema, *, required=True, kind=BODY, **more):
    return {"requestBody": {"required": required, "content": {kind: {"schema": schema, **more}}}}


def parameter(name, place="query", **members):
    return {"name": name, "in": place, "schema": {"type": "string"}, **members}


def test_operations_become_methods_of_a_valid_definition(pets, draft_of):
    draft = draft_of(pets)
    spec = parse_definition(draft.document)
    assert list(spec.methods) == ["list_pets", "create_pet", "get_pet", "delete_pets_id"]
    assert spec.default_config == {"base_url": "https://eu.acme.example/v1"}
    assert [(entry.id, entry.type, entry.options["name"]) for entry in spec.auth] == [
        ("key", "api_key", "X-Key")
    ]
    assert draft.report()["imported"] == 4
    assert draft.report()["left_out"] == []


def test_risk_and_idempotency_follow_the_verb(pets, draft_of):
    methods = parse_definition(draft_of(pets).document).methods
    assert {name: (item.risk, item.idempotent) for name, item in methods.items()} == {
        "list_pets": ("read", True),
        "create_pet": ("write", False),
        "get_pet": ("read", True),
        "delete_pets_id": ("destructive", True),
    }
    assert methods["delete_pets_id"].description.startswith("Deprecated.")


def test_members_of_a_body_become_parameters_with_their_rules(pets, draft_of):
    method = draft_of(pets).document["methods"]["create_pet"]
    takes = compile_schema(method["param_schema"]).is_valid
    assert takes({"name": "Rex", "nick": None, "age": 1})
    assert not takes({"age": 1})
    assert not takes({"name": "Rex", "age": 0}), "exclusiveMinimum of 3.0 is a flag of minimum"
    assert not takes({"name": None})
    assert method["examples"] == [{"parameters": {"name": "Rex", "age": 3}}]


def test_references_are_resolved_and_results_have_their_schema(pets, draft_of):
    schema = draft_of(pets).document["methods"]["list_pets"]["result_schema"]
    assert schema["items"]["required"] == ["name"]
    assert "$ref" not in str(schema)


def test_an_example_that_its_own_schema_refuses_is_left_away(pets, draft_of):
    content = pets["paths"]["/pets"]["post"]["requestBody"]["content"][BODY]
    content["example"] = {"age": "old"}
    assert "examples" not in draft_of(pets).document["methods"]["create_pet"]


@pytest.mark.parametrize(("given", "name"), [
    ("getHTTPStatus", "get_http_status"),
    ("v1.message-attempt.list", "v1_message_attempt_list"),
    ("2fa/enable", "_2fa_enable"),
    ("ünïcode", "n_code"),
])  # fmt: skip
def test_names_are_snake_case(pets, draft_of, given, name):
    pets["paths"]["/pets"]["get"]["operationId"] = given
    assert name in draft_of(pets).document["methods"]


def test_equal_names_are_told_apart_and_long_ones_cut(pets, draft_of):
    pets["paths"]["/pets"]["get"]["operationId"] = "do it"
    pets["paths"]["/pets"]["post"]["operationId"] = "doIt"
    pets["paths"]["/pets/{id}"]["get"]["operationId"] = "x" * 400
    names = list(draft_of(pets).document["methods"])
    assert names[:2] == ["do_it", "do_it_2"]
    assert len(names[2]) == 100


def test_a_name_in_path_query_and_body_is_three_parameters(operation_of):
    node = body({"type": "object", "properties": {"id": {"type": "integer"}}})
    node["parameters"] = [parameter("id", "path", required=True), parameter("id")]
    method, draft = operation_of("post", node, path="/things/{id}")
    assert set(method["param_schema"]["properties"]) == {"id", "path_id", "query_id"}
    assert method["http"]["path"] == "/things/{path_id}"
    assert method["http"]["query"] == {"id": "{query_id}"}
    assert "the name was taken" in str(draft.report()["notes"])


def test_a_body_that_is_no_plain_object_is_one_parameter(operation_of):
    method, _ = operation_of("put", body({"type": "array", "items": {"type": "integer"}}))
    assert method["param_schema"]["required"] == ["body"]
    assert method["request_transform"] == {"rules": [{"source": "body", "target": "$"}]}


def test_one_of_and_all_of_are_kept(operation_of):
    either = {"oneOf": [{"type": "string"}, {"allOf": [{"type": "integer"}, {"minimum": 3}]}]}
    method, _ = operation_of("post", body({"type": "object", "properties": {"x": either}}))
    takes = compile_schema(method["param_schema"]).is_valid
    assert takes({"x": "a"})
    assert takes({"x": 3})
    assert not takes({"x": 2})


def test_null_is_taken_where_an_enum_or_a_choice_is_nullable(operation_of):
    enum = {"type": "string", "enum": ["a"], "nullable": True}
    choice = {"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": True}
    schema = {"type": "object", "properties": {"e": enum, "c": choice}}
    takes = compile_schema(operation_of("post", body(schema))[0]["param_schema"]).is_valid
    assert takes({"e": None, "c": None})
    assert not takes({"e": "b"})
    assert not takes({"c": []})


def test_a_schema_that_contains_itself_is_cut_and_says_so(operation_of):
    node = {"type": "object", "properties": {"below": {"$ref": "#/components/schemas/Node"}}}
    schema = {"$ref": "#/components/schemas/Node"}
    method, draft = operation_of("post", body(schema), components={"schemas": {"Node": node}})
    assert compile_schema(method["param_schema"]).is_valid({"below": {"below": {"below": {}}}})
    assert "contains itself" in draft.report()["notes"][-1]["note"]


@pytest.mark.parametrize("reference", ["https://evil.example/x.json", "other.yaml#/A", "#/nowhere"])
def test_a_reference_out_of_the_document_leaves_the_operation_out(pets, draft_of, reference):
    pets["components"]["schemas"]["Pet"] = {"$ref": reference}
    report = draft_of(pets).report()
    assert {item["operation"] for item in report["left_out"]} == {"listPets", "createPet"}
    assert reference in report["left_out"][0]["reason"]


@pytest.mark.parametrize(("node", "word"), [
    (body({"type": "object"}, kind="application/xml"), "xml"),
    (body({"type": "object", "properties": {"f": {"type": "string", "format": "binary"}}},
          kind="multipart/form-data"), "multipart"),
    ({"parameters": [parameter("c", "cookie", required=True)]}, "cookie"),
    ({"parameters": [parameter("f", required=True, schema={"type": "object"})]}, "query"),
    (body({"type": "string", "pattern": "("}), "valid method"),
])  # fmt: skip
def test_what_cannot_be_sent_is_left_out_with_its_reason(pets, draft_of, node, word):
    pets["paths"]["/other"] = {"post": {"operationId": "other", "responses": {}, **node}}
    [left] = draft_of(pets).report()["left_out"]
    assert left["operation"] == "other"
    assert word in left["reason"]


def test_a_bad_result_schema_costs_only_itself(pets, draft_of):
    content = pets["paths"]["/pets"]["get"]["responses"]["200"]["content"][BODY]
    content["schema"] = {"type": "string", "pattern": "("}
    draft = draft_of(pets)
    assert "result_schema" not in draft.document["methods"]["list_pets"]
    assert "result schema is left away" in str(draft.notes)


def test_lists_that_are_joined_take_text_and_others_repeat(operation_of):
    lists = {"type": "array", "items": {"type": "string"}}
    node = {
        "parameters": [parameter("a", schema=lists), parameter("b", schema=lists, explode=False)]
    }
    properties = operation_of("get", node)[0]["param_schema"]["properties"]
    assert properties["a"]["type"] == "array"
    assert properties["b"]["type"] == "string"


def test_headers_of_the_hub_are_no_parameters(operation_of):
    named = [parameter(name, "header") for name in ("Accept", "Authorization", "X-Trace-Id")]
    named.append(parameter("Idempotency-Key", "header"))
    method, _ = operation_of("post", {"parameters": named})
    assert method["http"]["headers"] == {"X-Trace-Id": "{x_trace_id}"}
    assert method["idempotency_header"] == "Idempotency-Key"


def test_security_schemes_become_auth_entries(pets, draft_of):
    flow = {"tokenUrl": "https://a.example/token", "scopes": {"read": "", "write": ""}}
    pets["components"]["securitySchemes"] = {
        "Basic": {"type": "http", "scheme": "basic"},
        "jwtAuth": {"type": "http", "scheme": "Bearer"},
        "d": {"type": "http", "scheme": "digest"},
        "oauth": {
            "type": "oauth2",
            "flows": {
                "clientCredentials": flow,
                "authorizationCode": flow | {"authorizationUrl": "https://a.example/auth"},
                "implicit": {"authorizationUrl": "https://a.example/auth", "scopes": {}},
            },
        },
        "oidc": {"type": "openIdConnect", "openIdConnectUrl": "https://a.example/.well-known"},
    }
    draft = draft_of(pets)
    found = {entry["id"]: entry for entry in draft.document["auth"]}
    assert {name: entry["type"] for name, entry in found.items()} == {
        "basic": "basic", "jwt_auth": "bearer", "d": "digest",
        "oauth": "oauth2", "oauth_2": "oauth2",
    }  # fmt: skip
    assert found["oauth"]["grant"] == "client_credentials"
    assert found["oauth_2"]["authorization_url"] == "https://a.example/auth"
    assert found["oauth"]["scopes"] == ["read", "write"]
    said = str(draft.notes)
    assert "implicit" in said
    assert "openIdConnect" in said


def test_guesses_are_told_and_never_set(operation_of):
    result = {"type": "object", "properties": {"rows": {"type": "array", "items": {}}}}
    good = {"content": {BODY: {"schema": result}}, "headers": {"X-RateLimit-Limit": {}}}
    node = {"parameters": [parameter("cursor")], "responses": {"200": good}}
    method, draft = operation_of("get", node)
    assert "pagination" not in method
    assert "'rows'" in draft.guesses[0]["guess"]
    assert "X-RateLimit-Limit" in draft.guesses[1]["guess"]


def test_swagger_2_has_host_forms_and_bodies_of_its_own(draft_of):
    document = {
        "swagger": "2.0",
        "info": {"title": "Old", "version": "1.0"},
        "host": "old.example",
        "basePath": "/api/",
        "schemes": ["http", "https"],
        "consumes": ["application/x-www-form-urlencoded"],
        "securityDefinitions": {"b": {"type": "basic"}},
        "paths": {
            "/f": {"post": {"operationId": "form", "parameters": [
                {"name": "a", "in": "formData", "type": "integer", "required": True}]}},
            "/u": {"post": {"operationId": "upload", "parameters": [
                {"name": "a", "in": "formData", "type": "file"}]}},
            "/j": {"put": {"operationId": "json", "consumes": [BODY], "parameters": [
                {"name": "b", "in": "body", "required": True,
                 "schema": {"$ref": "#/definitions/B"}}]}},
            "/q": {"get": {"operationId": "query", "parameters": [
                {"name": "ids", "in": "query", "type": "array", "items": {"type": "string"},
                 "collectionFormat": "multi"}]}},
        },
        "definitions": {"B": {"type": "object", "properties": {"x": {"type": "string"}}}},
    }  # fmt: skip
    draft = draft_of(document)
    methods = draft.document["methods"]
    assert draft.document["default_config"] == {"base_url": "https://old.example/api"}
    assert draft.document["auth"] == [{"id": "b", "type": "basic"}]
    assert methods["form"]["http"]["body"] == "form"
    assert methods["form"]["param_schema"]["required"] == ["a"]
    assert methods["json"]["param_schema"]["properties"] == {"x": {"type": "string"}}
    assert methods["query"]["param_schema"]["properties"]["ids"]["type"] == "array"
    assert [item["operation"] for item in draft.left_out] == ["upload"]


@pytest.mark.parametrize("document", [
    {}, {"openapi": "4.0.0", "paths": {}}, {"swagger": "1.2", "paths": {}}, {"openapi": "3.0.0"},
    {"openapi": "3.0.0", "paths": {}}, {"openapi": "3.0.0", "paths": []},
])  # fmt: skip
def test_a_document_of_another_kind_or_without_operations_is_refused(draft_of, document):
    with pytest.raises(ValidationFailed):
        draft_of(document)

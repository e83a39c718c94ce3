from pathlib import Path

import pytest

from integration_hub.lib.errors import UnsupportedMediaType, ValidationFailed
from registry.document import (
    META_SCHEMA,
    check_document,
    full_meta_schema,
    parse_definition,
    read_document,
)


def faults(document):
    with pytest.raises(ValidationFailed) as caught:
        parse_definition(document)
    return {fault.pointer: fault for fault in caught.value.errors}


def test_a_right_document_becomes_a_spec_with_blocks_merged_member_by_member(document):
    spec = parse_definition(document)
    get = spec.methods["get_contact"]
    assert (get.retry.max_attempts, get.retry.initial_delay_ms) == (3, 50)
    assert (get.limits.requests, get.limits.burst) == (100, 10)
    assert get.idempotent
    assert not spec.methods["create_contact"].idempotent
    assert spec.methods["ping"].timeout_ms == 30_000
    assert spec.health_method == "ping"
    assert spec.needs_credential


def test_every_fault_of_shape_and_content_is_reported_at_once(document):
    document["unheard"] = 1
    document["retry"]["max_attempts"] = "three"
    document["methods"]["get_contact"]["param_schema"]["properties"] = {}
    document["methods"]["ping"]["htpp"] = {}
    document["health_check"]["method"] = "pong"
    document["methods"]["create_contact"]["http"]["verb"] = "x"
    assert {
        "/unheard",
        "/retry/max_attempts",
        "/methods/get_contact/http/path",
        "/methods/ping/htpp",
        "/health_check/method",
        "/methods/create_contact/http/verb",
    } <= set(faults(document))


def test_a_version_that_yaml_reads_as_a_number_is_explained(document):
    document |= read_document(b"version: 1.10")
    assert "quotes" in faults(document)["/version"].detail


@pytest.mark.parametrize("version", ["1.2", "v1.2.0", "1.2.0+build", "01.2.0", "1.2.0-", "", "x"])
def test_only_semantic_versions_are_versions(document, version):
    assert "/version" in faults(document | {"version": version})


@pytest.mark.parametrize("slug", ["", "Acme", "-a", "a b", "a/b", "a@b", "x" * 81, "ä"])
def test_slugs_are_plain(document, slug):
    assert "/slug" in faults(document | {"slug": slug})


@pytest.mark.parametrize("slug", ["meta-schema", "import", "0193f5c4-5b7c-7a10-8000-0000000000aa"])
def test_a_slug_that_would_hide_an_address_is_refused(document, slug):
    assert faults(document | {"slug": slug})["/slug"].code == "RESERVED"


def test_an_unknown_adapter_lists_the_known_ones(document):
    assert "http, " in faults(document | {"type": "htp"})["/type"].detail


def test_an_unknown_member_says_what_was_meant(document):
    document["methods"]["ping"]["timout_ms"] = 5
    assert "timeout_ms" in faults(document)["/methods/ping/timout_ms"].detail


@pytest.mark.parametrize(
    ("pagination", "at", "code"),
    [
        ({"style": "cursor", "items_path": "data"}, "cursor_path", "REQUIRED"),
        ({"style": "cursor", "cursor_path": "meta..next"}, "cursor_path", "PATH"),
        ({"style": "page", "items_path": "data[*]"}, "items_path", "PATH"),
        ({"style": "page", "size_param": "limit"}, "page_size", "REQUIRED"),
        ({"style": "page", "param": "fixed"}, "param", "DUPLICATE"),
        ({"style": "page", "max_pages": 1_001}, "max_pages", "MAXIMUM"),
        ({"style": "tokens"}, "style", "ENUM"),
    ],
)
def test_pagination_that_could_not_work_is_refused(document, pagination, at, code):
    document["methods"]["ping"]["http"]["query"] = {"fixed": 1}
    document["methods"]["ping"]["pagination"] = pagination
    assert faults(document)[f"/methods/ping/pagination/{at}"].code == code


def test_members_that_mislead_nobody_may_stand(document):
    document["methods"]["ping"]["cache_seconds"] = 60
    document["webhook"] = {"verify": "standard_webhooks"}
    assert check_document(document) == ()


def test_a_version_of_two_numbers_is_told_in_words(document):
    assert "three numbers" in faults(document | {"version": "1.2"})["/version"].detail


@pytest.mark.parametrize("required", [["id"], []])
def test_a_health_check_method_may_not_need_parameters(document, required):
    document["health_check"]["method"] = "get_contact"
    document["methods"]["get_contact"]["param_schema"]["required"] = required
    assert "id" in faults(document)["/health_check/method"].detail


def test_examples_and_schemas_are_judged(document):
    method = document["methods"]["get_contact"]
    method["examples"] = [{"parameters": {"id": 7}, "result": []}]
    document["methods"]["ping"]["param_schema"] = {"type": "objekt"}
    found = faults(document)
    assert "/methods/get_contact/examples/0/parameters/id" in found
    assert "/methods/get_contact/examples/0/result" in found
    assert "/methods/ping/param_schema/type" in found


@pytest.mark.parametrize(
    "path",
    [
        "email", "parameter.email", "results.id", "", "parameters.a[", "parameters..a",
        "result.items[x]", "result.a b", "parameters.", ".parameters.a", "result.`a",
    ],
)  # fmt: skip
def test_a_sensitive_path_that_masks_nothing_is_refused(document, path):
    document["methods"]["ping"]["sensitive"] = [path]
    assert "/methods/ping/sensitive/0" in faults(document)


@pytest.mark.parametrize("path", ["parameters", "result.items[*].id", "result[0]", "result.`a b`"])
def test_a_sensitive_path_leads_into_parameters_or_result(document, path):
    document["methods"]["ping"]["sensitive"] = [path]
    assert check_document(document) == ()


@pytest.mark.parametrize("host", ["a:b:c", "10.1", "acme.example:0", "a..b", "acme.example?x"])
def test_an_allowed_host_is_one(document, host):
    assert "/allowed_hosts/1" in faults(document | {"allowed_hosts": ["*.acme.example", host]})


def test_two_auth_entries_of_one_id_are_refused(document):
    document["auth"] = [{"type": "bearer"}, {"type": "basic", "id": "bearer"}]
    assert "/auth/1/id" in faults(document)


def test_a_circuit_that_could_never_open_is_refused(document):
    document["circuit_breaker"] = {"window": 3, "min_calls": 5}
    assert "/circuit_breaker/min_calls" in faults(document)


@pytest.mark.parametrize("document", [None, [], "text", 3, {}])
def test_what_is_no_definition_is_refused(document):
    with pytest.raises(ValidationFailed):
        parse_definition(document)


def test_misshapen_members_anywhere_are_faults_never_crashes(document):
    for wrong in (None, 1, "x", [], [1], {}, {"a": {"b": []}}, True):
        for name in document:
            for fault in check_document(document | {name: wrong}):
                assert fault.pointer.startswith("/")


def test_a_rate_without_burst_has_a_bucket_of_its_requests(document):
    document["methods"]["ping"]["rate_limit"] = {"requests": 5}
    assert parse_definition(document).methods["ping"].limits.burst == 5


def test_the_meta_schema_for_editors_knows_the_adapters():
    method = full_meta_schema()["properties"]["methods"]["additionalProperties"]
    assert "path" in method["properties"]["http"]["properties"]
    assert META_SCHEMA["additionalProperties"] is False


def test_json_and_yaml_are_told_apart_without_a_media_type():
    assert read_document(b' {"a": 1}') == read_document(b"a: 1\n") == {"a": 1}


@pytest.mark.parametrize(
    "raw",
    [b'{"a": 1, "a": 2}', b"a: 1\na: 2", b"a: [", b"", b"\xff", b"- a", b"a: !!python/none x"],
)
def test_unreadable_documents_say_where(raw):
    with pytest.raises(ValidationFailed) as caught:
        read_document(raw)
    assert caught.value.errors


def test_another_media_type_is_refused():
    with pytest.raises(UnsupportedMediaType):
        read_document(b"a: 1", "text/html")


def test_the_example_of_the_documentation_is_a_definition():
    text = Path("docs/definitions.md").read_text()
    example = text.split("```yaml\n")[1].split("```")[0]
    assert set(parse_definition(read_document(example.encode())).methods) == {"ping", "greet"}

"""`manage.py check_catalogue` refuses half a service, and says where and what to write."""

from __future__ import annotations

import copy
import json

import pytest
import yaml
from django.core.management import CommandError, call_command

from executor.catalogue import FOLDER as SHIPPED

WHOLE = yaml.safe_load((SHIPPED / "zendesk.yaml").read_text("utf-8"))
METHOD = "/methods/create_ticket"


@pytest.fixture
def check(tmp_path, capsys):
    """`check(document, name=…)`: the exit code, what was printed, what went wrong."""

    def run(document, *flags, name="zendesk.yaml"):
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        code = 0
        try:
            call_command("check_catalogue", str(path), *flags)
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def without(pointer):
    """The whole entry but for one place."""
    document = copy.deepcopy(WHOLE)
    *above, last = pointer.strip("/").split("/")
    node = document
    for step in above:
        node = node[int(step)] if isinstance(node, list) else node[step]
    del node[int(last) if isinstance(node, list) else last]
    return document


def changed(pointer, value):
    document = copy.deepcopy(WHOLE)
    *above, last = pointer.strip("/").split("/")
    node = document
    for step in above:
        node = node[int(step)] if isinstance(node, list) else node[step]
    node[last] = value
    return document


def test_a_whole_entry_passes(check):
    assert check(WHOLE)[:2] == (0, "1 of 1 definitions are complete: 7 methods\n")


def test_the_shipped_catalogue_is_what_is_judged_unless_told_otherwise(capsys):
    call_command("check_catalogue", "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["ok"]
    assert {"github@1.0.0", "stripe@1.0.0"} <= {row["definition"] for row in report["results"]}


@pytest.mark.parametrize(
    ("place", "remedy"),
    [
        ("/description", "sentence"),
        ("/docs_url", "https address"),
        ("/tags", "exactly one category"),
        ("/auth", "signs in"),
        ("/auth/0/errors", "refused credential"),
        ("/auth/1/scopes", "scopes: []"),
        ("/auth/1/token_url", "Write it out"),
        ("/auth/1/authorization_url", "Write it out"),
        ("/rate_limit", "documentation allows"),
        ("/retry", "tried again"),
        ("/transient", "worth another try"),
        ("/health_check", "a method that reads"),
        (f"{METHOD}/description", "sentence"),
        (f"{METHOD}/risk", "read, write or destructive"),
        (f"{METHOD}/param_schema/additionalProperties", "Close it"),
        (f"{METHOD}/param_schema/properties/tags/type", "Say its type"),
        (f"{METHOD}/result_schema", "Name the members"),
        (f"{METHOD}/examples", "`parameters` and `result`"),
        (f"{METHOD}/examples/0/result", "both sides"),
        ("/methods/list_tickets/pagination", "A list has pages"),
    ],
)
def test_what_is_missing_is_told_with_its_place_and_the_remedy(check, place, remedy):
    code, out, err = check(without(place))
    assert code == 1
    [line] = [line for line in err.splitlines() if remedy in line]
    assert line.startswith(f"{line.split(': ')[0]}: {place.removesuffix('/type')}: ")
    assert "zendesk.yaml" in line
    assert out == "0 of 1 definitions are complete: 0 methods\n"


@pytest.mark.parametrize(
    ("place", "value", "remedy"),
    [
        ("/auth/1/token_url", "http://acme.example/token", "over https only"),
        ("/default_config", {"base_url": "http://acme.example"}, "called over https"),
        ("/health_check/method", "create_ticket", "this method requires"),
        ("/methods/update_ticket/risk", "read", "PUT changes something"),
        ("/methods/list_tickets/result_schema/items", {}, "Name the members"),
        (f"{METHOD}/examples/0/parameters", {"subject": "x"}, "body"),
        (f"{METHOD}/http/path", "/api/v2/tickets/{subject}/{tags}", "plain value"),
    ],
)
def test_what_cannot_be_right_is_told_with_the_remedy(check, place, value, remedy):
    code, _, err = check(changed(place, value))
    assert code == 1
    assert remedy in err


def test_a_health_check_reads(check):
    document = changed("/methods/get_current_user/risk", "write")
    assert "name one that reads" in check(document)[2]


def test_who_writes_says_whether_a_repeat_is_harmless(check):
    assert "idempotency_header" in check(without(f"{METHOD}/idempotency_header"))[2]


def test_what_deletes_is_destructive(check):
    document = changed("/methods/update_ticket/http/method", "DELETE")
    assert "destructive" in check(document)[2]


def test_too_few_methods_are_no_entry(check):
    document = copy.deepcopy(WHOLE)
    document["methods"] = dict(list(document["methods"].items())[:3])
    assert "/methods: Has 3; describe at least 5" in check(document)[2]


def test_a_config_that_nobody_can_guess_needs_an_example(check):
    code, _, err = check(without("/config_schema/properties/base_url/examples"))
    assert code == 1
    assert "/config_schema/properties/base_url: Give a default" in err


def test_an_example_of_which_no_request_can_be_made_is_told(check):
    document = copy.deepcopy(WHOLE)
    method = document["methods"]["get_ticket"]
    method["param_schema"]["properties"]["id"] = {"type": "string"}
    method["examples"][0]["parameters"]["id"] = ""
    code, _, err = check(document)
    assert code == 1
    assert "/methods/get_ticket/examples/0/parameters: No request can be made of it" in err


def test_a_file_is_named_for_its_slug(check):
    assert "name it zendesk.yaml" in check(WHOLE, name="desk.yaml")[2]


def test_an_entry_stands_alone(check):
    assert "/extends: An entry stands alone" in check(WHOLE | {"extends": "httpbin@^1"})[2]


def test_a_sample_need_not_be_complete(check):
    assert check(without("/docs_url") | {"tags": ["sample"]})[0] == 0


def test_a_file_that_is_no_definition_is_told_like_at_loading(check):
    code, _, err = check("slug: [", name="a.yaml")
    assert code == 1
    assert "a.yaml" in err


def test_json_says_the_same_to_machines(check):
    code, out, _ = check(without("/docs_url"), "--json")
    report = json.loads(out)
    assert (code, report["ok"]) == (1, False)
    assert report["results"][0]["errors"][0]["pointer"] == "/docs_url"


def test_a_place_without_definitions_is_an_error(tmp_path):
    with pytest.raises(CommandError):
        call_command("check_catalogue", str(tmp_path))

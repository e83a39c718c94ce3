"""Named transforms: their life, their examples, and the definitions that use them."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Conflict, ValidationFailed
from registry import services as registry
from registry.building import spec_of_text
from registry.models import Definition
from transformer.models import NamedTransform
from transformer.named import services
from transformer.services import compile_spec

pytestmark = pytest.mark.django_db
PATH = "/api/v1/transforms"
CONTACT = {
    "slug": "contact",
    "version": "1.0.0",
    "description": "Who it is",
    "spec": {"rules": [{"expr": "$lowercase(email)", "target": "mail", "required": True}]},
    "examples": [
        {"input": {"email": "A@B.example"}, "output": {"mail": "a@b.example"}},
        {"name": "no mail", "input": {}, "errors": ["MISSING"]},
    ],
}


def document(version="1.0.0", use="contact@^1", **members):
    return {
        "slug": "crm",
        "name": "CRM",
        "version": version,
        "type": "http",
        "default_config": {"base_url": "https://api.acme.example"},
        "methods": {
            "find": {
                "http": {"method": "GET", "path": "/c"},
                "response_transform": {"use": use},
            }
        },
        **members,
    }


def stored(version="1.0.0", *, publish=True, **members):
    row = services.create_transform(document={**CONTACT, "version": version, **members}, actor="t")
    return services.publish_transform(transform=row, actor="t") if publish else row


def effective(row):
    return spec_of_text(Definition.objects.get(pk=row.pk).effective).methods["find"]


def faults(caught):
    return {fault.pointer: fault.code for fault in caught.value.errors}


def test_a_transform_is_made_read_changed_and_published_over_rest(api):
    client = api("manage", "read")
    made = client.post(PATH, CONTACT, format="json")
    assert made.status_code == 201
    body = json.loads(made.content)
    assert (body["status"], made["Location"]) == ("draft", f"{PATH}/{body['id']}")
    changed = client.put(
        f"{PATH}/contact@1.0.0",
        {**body, "description": "Other"},
        format="json",
        headers={"If-Match": made["ETag"]},
    )
    assert json.loads(changed.content)["description"] == "Other"
    late = client.put(
        f"{PATH}/contact@1.0.0", CONTACT, format="json", headers={"If-Match": made["ETag"]}
    )
    assert late.status_code == 412
    published = client.post(f"{PATH}/{body['id']}/publish")
    assert json.loads(published.content)["status"] == "published"
    assert client.put(f"{PATH}/contact@1.0.0", CONTACT, format="json").status_code == 409
    assert client.delete(f"{PATH}/contact@1.0.0").status_code == 409
    listed = json.loads(client.get(f"{PATH}?status=published&search=con").content)
    assert [row["slug"] for row in listed["results"]] == ["contact"]
    assert json.loads(client.get(f"{PATH}/contact").content)["version"] == "1.0.0"
    tested = json.loads(client.post(f"{PATH}/contact/test").content)
    assert (tested["ok"], len(tested["examples"])) == (True, 2)
    assert client.post(f"{PATH}/contact/archive").status_code == 200
    missing = client.get(f"{PATH}/contact")
    assert missing.status_code == 404
    assert "1.0.0 (archived)" in json.loads(missing.content)["detail"]


@pytest.mark.parametrize(
    ("members", "wanted"),
    [
        ({"slug": "Not a slug"}, {"/slug": "PATTERN"}),
        ({"slug": "preview"}, {"/slug": "TAKEN"}),
        ({"version": "1"}, {"/version": "PATTERN"}),
        ({"bogus": 1}, {"/bogus": "UNKNOWN_MEMBER"}),
        ({"spec": {"expression": "a +"}}, {"/spec/expression": "EXPR_COMPILE"}),
        ({"spec": {"use": "other"}}, {"/spec/use": "NOT_RESOLVED"}),
        ({"examples": [{"input": 1}]}, {"/examples/0": "INVALID"}),
        ({"examples": [{"input": 1, "output": 1, "errors": ["X"]}]}, {"/examples/0": "INVALID"}),
        ({"examples": [{"output": 1}]}, {"/examples/0/input": "REQUIRED"}),
    ],
)
def test_what_is_wrong_in_a_document_is_told_with_its_place(members, wanted):
    with pytest.raises(ValidationFailed) as caught:
        services.create_transform(document={**CONTACT, **members}, actor="t")
    assert faults(caught) == wanted


@pytest.mark.parametrize(
    ("example", "says"),
    [
        ({"input": {"email": "A@B"}, "output": {"mail": "A@B"}}, "Gave"),
        ({"input": {}, "output": {}}, "MISSING"),
        ({"input": {"email": "a"}, "errors": ["MISSING"]}, "Gave the errors []"),
        ({"input": {}, "errors": ["TYPE"]}, "MISSING"),
    ],
)
def test_what_does_not_hold_its_examples_is_not_published(example, says):
    row = stored(publish=False, examples=[CONTACT["examples"][0], example])
    with pytest.raises(ValidationFailed) as caught:
        services.publish_transform(transform=row, actor="t")
    assert faults(caught) == {"/examples/1": "EXAMPLE"}
    assert says in caught.value.errors[0].detail
    row.refresh_from_db()
    assert row.status == "draft"


@pytest.mark.parametrize(("given", "said"), [(1, True), (1, 1.0), ("1", 1), (None, False)])
def test_an_example_is_compared_exactly(given, said):
    spec = {"rules": [{"source": "a", "target": "$"}]}
    row = stored(publish=False, spec=spec, examples=[{"input": {"a": given}, "output": said}])
    assert not services.check_transform(transform=row)[0].ok


def test_what_was_published_never_changes():
    row = stored()
    row.document = "{}"
    with pytest.raises(Conflict):
        row.save()
    with pytest.raises(Conflict):
        services.update_transform(transform=row, document=CONTACT, actor="t")
    with pytest.raises(Conflict):
        services.create_transform(document=CONTACT, actor="t")


def test_a_definition_takes_the_highest_that_fits_and_keeps_it():
    for version in ("1.0.0", "1.4.0", "2.0.0"):
        stored(version)
    row = registry.create_definition(document=document(), actor="t", publish=True)
    method = effective(row)
    assert method.response_transform["from"] == "contact@1.4.0"
    stored("1.5.0", spec={"expression": "1"}, examples=[])
    assert effective(row).response_transform["from"] == "contact@1.4.0"
    compiled = compile_spec(method.response_transform, response=True)
    assert compiled.run({"email": "X@Y"}) == {"mail": "x@y"}
    assert jsonsafe.loads(row.document)["methods"]["find"]["response_transform"] == {
        "use": "contact@^1"
    }


def test_a_draft_takes_anew_when_it_is_published():
    stored("1.0.0")
    row = registry.create_definition(document=document(), actor="t")
    assert effective(row).response_transform["from"] == "contact@1.0.0"
    stored("1.1.0")
    registry.publish_definition(definition=row, actor="t")
    assert effective(row).response_transform["from"] == "contact@1.1.0"


def test_what_extends_a_definition_inherits_what_that_has_taken():
    stored()
    registry.create_definition(document=document(), actor="t", publish=True)
    child = {**document(), "slug": "crm-eu", "extends": "crm@^1", "methods": {}}
    row = registry.create_definition(document=child, actor="t", publish=True)
    assert effective(row).response_transform["from"] == "contact@1.0.0"


def test_a_webhook_may_use_one_too():
    stored()
    hook = {"verify": "github", "transform": {"use": "contact"}}
    row = registry.create_definition(document=document(webhook=hook), actor="t")
    whole = jsonsafe.loads(Definition.objects.get(pk=row.pk).effective)
    assert whole["webhook"]["transform"]["from"] == "contact@1.0.0"


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"use": "contcat"}, "UNKNOWN_TRANSFORM"),
        ({"use": "contact@^3"}, "UNKNOWN_TRANSFORM"),
        ({"use": "contact@!"}, "RANGE"),
        ({"use": "contact@2.0.0"}, "NOT_PUBLISHED"),
        ({"use": 5}, "INVALID"),
        ({"use": "contact", "rules": []}, "INVALID"),
    ],
)
def test_what_is_not_there_is_refused_with_its_place(spec, code):
    stored()
    stored("2.0.0", publish=False)
    wanted = document()
    wanted["methods"]["find"]["response_transform"] = spec
    with pytest.raises(ValidationFailed) as caught:
        registry.create_definition(document=wanted, actor="t")
    assert faults(caught) == {"/methods/find/response_transform/use": code}


def test_a_preview_follows_a_name(api):
    stored()
    body = {"spec": {"use": "contact@^1"}, "input": {"email": "A@B"}}
    answer = api("read").post(f"{PATH}/preview", body, format="json")
    assert json.loads(answer.content)["result"] == {"mail": "a@b"}
    answer = api("read").post(f"{PATH}/preview", {**body, "spec": {"use": "x"}}, format="json")
    assert answer.status_code == 400
    assert json.loads(answer.content)["errors"][0]["pointer"] == "/spec/use"


def test_the_command_runs_every_example_and_says_which_does_not_hold():
    stored()
    out = io.StringIO()
    call_command("test_transforms", stdout=out)
    assert out.getvalue() == "contact@1.0.0: 2 of 2 examples hold\n"
    broken = stored("2.0.0", publish=False, examples=[{"input": {"email": "a"}, "output": 1}])
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("test_transforms", broken.ref, stdout=out, stderr=err)
    assert ended.value.code == 1
    assert "0 of 1" in out.getvalue()
    assert "example 1: Gave" in err.getvalue()
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("test_transforms", "--drafts", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert [len(item["examples"]) for item in report["results"]] == [2, 1]
    assert report["ok"] is False


def test_the_pages_show_the_faults_and_what_examples_gave(client, alice):
    client.force_login(alice)
    add = "/admin/transformer/namedtransform/add/"
    page = client.post(add, {"document": "slug: contact\nversion: x\nspec: {expression: a +}"})
    text = page.content.decode()
    assert "/version" in text
    assert "/spec/expression" in text
    row = stored(publish=False, examples=[{"name": "odd", "input": {"email": "a"}, "output": 1}])
    at = f"/admin/transformer/namedtransform/{row.pk}"
    page = client.post(f"{at}/do/test/", follow=True).content.decode()
    assert "/examples/0: Gave" in page
    assert "0 of 1 examples hold" in page
    page = client.post(f"{at}/do/publish/", follow=True).content.decode()
    assert "do not hold" in page
    assert NamedTransform.objects.get().status == "draft"

"""The editor of transforms in the admin: tried while it is typed, saved into a draft."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from integration_hub.audit.models import AuditEntry
from registry import services as registry
from registry.models import Definition
from transformer.authoring import trying
from transformer.authoring.places import line_of, lines_of
from transformer.named import services as named

pytestmark = pytest.mark.django_db
SPEC = {"rules": [{"source": "email", "target": "contact.email"}]}


@pytest.fixture
def draft() -> Definition:
    document = {
        "slug": "crm",
        "name": "CRM",
        "version": "1.0.0",
        "type": "http",
        "default_config": {"base_url": "https://api.crm.example"},
        "methods": {
            "create": {
                "http": {"method": "POST", "path": "/contacts", "body": "json"},
                "request_transform": SPEC,
                "examples": [{"parameters": {"email": "ann@example.com"}, "result": {"id": 1}}],
            }
        },
    }
    return registry.create_definition(document=document, actor="tests")


@pytest.fixture
def admin(client, alice):
    client.force_login(alice)
    return client


def ask(client, **texts):
    answer = client.post(reverse("transformer:attempt"), texts)
    assert answer.status_code == 200
    return answer.json()


def members(row, spec, **changes):
    fields = {"draft": f"definition:{row.pk}", "method": "create", "side": "request"}
    return {**fields, "spec": spec, "revision": row.revision, "sample": "{}", **changes}


def test_a_result_a_trace_and_what_differs(admin):
    spec = json.dumps({"rules": [{"source": "id", "target": "n", "type": "integer"}]})
    found = ask(admin, spec=spec, sample='{"id": "17"}', expected='{"n": 18}')
    assert json.loads(found["result"]) == {"n": 17}
    assert found["errors"] == []
    assert found["trace"][0]["target"] == "n"
    assert found["differences"] == [{"pointer": "/n", "expected": "18", "got": "17"}]


def test_digits_are_not_lost_on_the_way_to_the_page(admin):
    spec = '{"rules": [{"source": "$", "target": "$"}]}'
    found = ask(admin, spec=spec, sample='{"n": 123456789012345678901, "d": 0.1}')
    assert "123456789012345678901" in found["result"]


@pytest.mark.parametrize(
    ("texts", "where", "line", "word"),
    [
        ({"spec": '{"rules": [\n{"source": }]}', "sample": "{}"}, "spec", 2, "JSON"),
        ({"spec": "rules:\n - source: a\n   source: b", "sample": "{}"}, "spec", 3, "YAML"),
        ({"spec": "[]", "sample": "{}"}, "spec", None, "object"),
        (
            {"spec": '{\n"rules": [\n{"source": "a"},\n{"target": "b", "sorce": "c"}]}'},
            "spec",
            3,
            "target",
        ),
        ({"spec": json.dumps(SPEC), "sample": '{\n"a": 1,\n}'}, "sample", 3, "JSON"),
        ({"spec": json.dumps(SPEC), "expected": "{"}, "expected", 1, "JSON"),
        (
            {
                "spec": '{"rules": [{"value": 1, "target": "x"},\n'
                '{"source": "id", "target": "n", "type": "integer"}]}',
                "sample": '{"id": "seventeen"}',
            },
            "spec",
            2,
            "TYPE",
        ),
        ({"spec": json.dumps(SPEC), "sample": "x" * 1_000_001}, "sample", None, "larger"),
    ],
)
def test_a_fault_names_the_text_the_line_and_the_reason(admin, texts, where, line, word):
    found = ask(admin, **{"sample": "{}", **texts})
    first = found["errors"][0]
    assert (first["where"], first["line"]) == (where, line)
    assert word in first["detail"]
    assert found["result"] is None


def test_a_sample_of_another_format_is_read_as_the_spec_says(admin):
    spec = json.dumps({"input": {"format": "csv"}, "rules": [{"source": "$", "target": "rows"}]})
    found = ask(admin, spec=spec, sample="a,b\n1,2\n")
    assert json.loads(found["result"]) == {"rows": [{"a": "1", "b": "2"}]}


def test_rules_are_proposed_from_samples(admin):
    texts = {"sample": '{"mail": "a@b.example"}', "expected": '{"email": "a@b.example", "by": "x"}'}
    found = admin.post(reverse("transformer:propose"), texts).json()
    assert json.loads(found["spec"])["rules"][0] == {"target": "email", "source": "mail"}
    assert found["constants"] == ["by"]


def test_a_transform_is_opened_with_its_example_and_saved_into_its_draft(admin, draft, alice):
    query = {"draft": f"definition:{draft.pk}", "method": "create", "side": "request"}
    page = admin.get(reverse("transformer:editor"), query).content.decode()
    assert "contact.email" in page
    assert "ann@example.com" in page
    saved = "rules:\n- {source: email, target: mail, transforms: [lower]}"
    answer = admin.post(reverse("transformer:save"), members(draft, saved), follow=True)
    assert "Saved: the request of create in crm@1.0.0" in answer.content.decode()
    draft.refresh_from_db()
    method = json.loads(draft.document)["methods"]["create"]
    assert method["request_transform"]["rules"][0]["target"] == "mail"
    assert method["examples"]
    entry = AuditEntry.objects.filter(action="definition.changed").get()
    assert entry.actor == f"user:{alice.pk}"


@pytest.mark.parametrize(
    ("spec", "changes", "word"),
    [
        ('{"rules": [', {}, "JSON"),
        ('{"rules": [{"target": "x", "sorce": "y"}]}', {}, "/methods/create/request_transform"),
        (json.dumps(SPEC), {"method": "nothing"}, "no method"),
        (json.dumps(SPEC), {"side": "middle"}, "no &#x27;middle&#x27;"),
        (json.dumps(SPEC), {"draft": "definition:x"}, "no such draft"),
        ('{"rules": [{"value": 1, "target": "n"}]}', {"revision": "0"}, "was changed since"),
    ],
)
def test_what_cannot_be_saved_stays_on_the_page_with_its_reason(admin, draft, spec, changes, word):
    before = draft.document
    given = members(draft, spec, **changes)
    page = admin.post(reverse("transformer:save"), given).content.decode()
    assert word in page
    assert "Not saved" in page
    assert spec.replace('"', "&quot;") in page
    draft.refresh_from_db()
    assert draft.document == before


def test_a_named_transform_is_opened_with_its_example_and_saved(admin, alice):
    document = {
        "slug": "contact",
        "version": "1.0.0",
        "spec": SPEC,
        "examples": [{"input": {"email": "x@y.example"}, "output": {"contact": "?"}}],
    }
    row = named.create_transform(document=document, actor="tests")
    key = f"transform:{row.pk}"
    page = admin.get(reverse("transformer:editor"), {"draft": key}).content.decode()
    assert "x@y.example" in page
    spec = json.dumps({"rules": [{"source": "email", "target": "mail"}]})
    given = {"draft": key, "revision": row.revision, "spec": spec}
    answer = admin.post(reverse("transformer:save"), given, follow=True)
    assert "Saved: contact@1.0.0" in answer.content.decode()
    row.refresh_from_db()
    stored = json.loads(row.document)
    assert stored["spec"] == json.loads(spec)
    assert stored["examples"] == document["examples"]
    again = admin.post(reverse("transformer:save"), given).content.decode()
    assert "was changed since" in again


def test_a_published_definition_is_not_changed(admin, draft):
    registry.publish_definition(definition=draft, actor="tests")
    draft.refresh_from_db()
    given = members(draft, '{"rules": [{"value": 1, "target": "n"}]}')
    page = admin.post(reverse("transformer:save"), given).content.decode()
    assert "never changes" in page
    assert "crm@1.0.0</option>" not in page


def test_who_may_only_look_may_try_but_not_save(client, bob, charlie, draft):
    client.force_login(bob)
    assert ask(client, spec=json.dumps(SPEC), sample="{}")["errors"] == []
    given = members(draft, json.dumps(SPEC))
    assert client.post(reverse("transformer:save"), given).status_code == 403
    assert "Save to" not in client.get(reverse("transformer:editor")).content.decode()
    client.force_login(charlie)
    assert client.get(reverse("transformer:editor")).status_code in {302, 403}
    client.logout()
    assert client.post(reverse("transformer:attempt"), {}).status_code == 302


def test_lines_lead_from_pointers_to_text():
    lines = lines_of('{"a":\n {"b/c": [1,\n 2]}}')
    assert lines["/a/b~1c/1"] == 3
    assert line_of(lines, "/a/b~1c/7/x") == 2
    assert lines_of("{") == {}


def test_an_alias_bomb_is_bounded():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join('*' + before for _ in range(9))}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert trying.attempt(bomb, "{}")["errors"]
    assert len(lines_of(bomb)) <= 50_001

"""Every step of a definition's life from every state, over REST and in the admin.

What is allowed ends in the state named; what is forbidden changes nothing and says why.
"""

from __future__ import annotations

import html

import pytest
from django.contrib.messages import get_messages

from integration_hub.lib.yaml_writer import dump
from registry import services
from registry.models import Definition, Instance

pytestmark = pytest.mark.django_db
REST, ADMIN = "/api/v1/definitions", "/admin/registry/definition/"
GONE = "gone"
STEPS = {
    ("draft", "edit"): "draft",
    ("draft", "publish"): "published",
    ("draft", "deprecate"): "only what is published becomes deprecated",
    ("draft", "archive"): "only what is deprecated or published becomes archived",
    ("draft", "delete"): GONE,
    ("published", "edit"): "A published definition never changes",
    ("published", "publish"): "only what is draft becomes published",
    ("published", "deprecate"): "deprecated",
    ("published", "archive"): "archived",
    ("published", "delete"): "only drafts can be deleted; archive it instead",
    ("deprecated", "edit"): "A published definition never changes",
    ("deprecated", "publish"): "only what is draft becomes published",
    ("deprecated", "deprecate"): "only what is published becomes deprecated",
    ("deprecated", "archive"): "archived",
    ("deprecated", "delete"): "only drafts can be deleted; archive it instead",
    ("archived", "edit"): "A published definition never changes",
    ("archived", "publish"): "only what is draft becomes published",
    ("archived", "deprecate"): "only what is published becomes deprecated",
    ("archived", "archive"): "only what is deprecated or published becomes archived",
    ("archived", "delete"): "only drafts can be deleted; archive it instead",
}
CONNECTS = {"draft": False, "published": True, "deprecated": True, "archived": False}
STATES = ("draft", "published", "deprecated", "archived")
LEADS = {
    "published": services.publish_definition,
    "deprecated": services.deprecate_definition,
    "archived": services.archive_definition,
}


@pytest.fixture
def at(define):
    """`at("deprecated")`: a definition that has lived up to there."""

    def lead(state: str) -> Definition:
        row = define(publish=False)
        for step in STATES[1 : STATES.index(state) + 1]:
            row = LEADS[step](definition=row, actor="tests")
        return row

    return lead


def became(row: Definition, before: tuple[str, str]) -> str:
    """The state that the step led to; the name and the digest say that nothing else changed."""
    found = Definition.objects.filter(pk=row.pk).first()
    if found is None:
        return GONE
    assert found.digest == before[1] or found.status == "draft"
    return found.status


@pytest.mark.parametrize(("state", "verb"), STEPS)
def test_over_rest(api, at, document, state, verb):
    row = at(state)
    before, url, client = (row.status, row.digest), f"{REST}/{row.pk}", api("manage")
    if verb == "edit":
        answer = client.put(url, document | {"name": "Edited"}, format="json")
    elif verb == "delete":
        answer = client.delete(url)
    else:
        answer = client.post(f"{url}/{verb}")
    expected = STEPS[state, verb]
    if expected in {*STATES, GONE}:
        assert answer.status_code in {200, 204}
        assert became(row, before) == expected
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
        assert expected in answer.json()["detail"]
        assert became(row, before) == state


@pytest.mark.parametrize(("state", "verb"), STEPS)
def test_in_the_admin(client, alice, at, document, state, verb):
    client.force_login(alice)
    row = at(state)
    before = (row.status, row.digest)
    if verb == "edit":
        changed = {"document": dump(document | {"name": "Edited"}).decode()}
        answer = client.post(f"{ADMIN}{row.pk}/change/", changed, follow=True)
    elif verb == "delete":
        answer = client.post(f"{ADMIN}{row.pk}/delete/", {"post": "yes"}, follow=True)
    else:
        answer = client.post(f"{ADMIN}{row.pk}/do/{verb}/", follow=True)
    expected = STEPS[state, verb]
    if expected in {*STATES, GONE}:
        assert answer.status_code == 200
        assert became(row, before) == expected
    else:
        told = " ".join(map(str, get_messages(answer.wsgi_request)))
        shown = html.unescape(answer.content.decode()) + told
        assert expected in shown or (verb, answer.status_code) == ("delete", 403)
        assert became(row, before) == state


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("by", ["rest", "admin"])
def test_connecting_to_it(api, client, alice, at, state, by):
    row = at(state)
    config = {"base_url": "https://api.acme.example"}
    if by == "rest":
        body = {"slug": "acme", "name": "Acme", "definition": row.ref, "config": config}
        answer = api("manage").post("/api/v1/instances", body, format="json")
        refused = answer.status_code
        assert refused == 201 if CONNECTS[state] else refused in {400, 404, 409}
    else:
        client.force_login(alice)
        fields = {
            "definition": str(row.pk),
            "slug": "acme",
            "name": "Acme",
            "config": '{"base_url": "https://api.acme.example"}',
            "context_type": "global",
            "labels": "{}",
            "overrides": "{}",
        }
        client.post("/admin/registry/instance/add/", fields)
    assert Instance.objects.exists() is CONNECTS[state]

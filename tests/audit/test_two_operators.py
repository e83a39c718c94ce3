"""Two operators at one page of the admin: who saves second is told, and loses nothing."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import reverse

from integration_hub.api import stale_form
from integration_hub.lib.yaml_writer import dump
from registry.admin.readable import as_json
from tests.audit import transforms
from tests.audit.admin_posts import (
    Get,
    credential_of,
    definition_of,
    members_of,
    sink_of,
    stored_sink,
)
from tests.audit.writes import FRESH

pytestmark = pytest.mark.django_db
_FIRST, _SECOND = "said-by-the-first", "said-by-the-second"


@dataclass(frozen=True)
class Edited:
    """`posted` is what somebody types who says this word; `says` whether the row does now."""

    row: Callable[[Get], Any]
    posted: Callable[[Any, str], dict[str, str]]
    says: Callable[[Any, str], bool]


def _document(document: dict[str, Any]) -> Callable[[Any, str], dict[str, str]]:
    return lambda _, word: {"document": dump({**document, "description": word}).decode()}


def _described(row: Any, word: str) -> bool:
    return word in row.document


EDITED = {
    "registry_instance": Edited(
        lambda get: get("acme"),
        lambda row, word: members_of(row, name=word),
        lambda row, word: row.name == word,
    ),
    "registry_definition": Edited(lambda _: definition_of(), _document(FRESH), _described),
    "transformer_namedtransform": Edited(
        lambda _: transforms.draft(), _document(transforms.DOCUMENT), _described
    ),
    "events_eventsink": Edited(
        lambda _: stored_sink(),
        lambda _, word: sink_of(name=word),
        lambda row, word: row.name == word,
    ),
    "credentials_credential": Edited(
        credential_of,
        lambda _, word: {"data_token": word},
        lambda row, word: json.loads(row.open_secret()) == {"token": word},
    ),
}


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture(params=EDITED)
def edited(request):
    """The page's address, the row, and what is known of its kind."""
    kind = EDITED[request.param]
    row = kind.row(request.getfixturevalue)
    return reverse(f"admin:{request.param}_change", args=[row.pk]), row, kind


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return html.unescape(answer.content.decode())


def mark_in(answer: Any) -> dict[str, str]:
    """What the page carries of the row that it shows."""
    found = re.search(r'name="shown_revision" value="([^"]+)"', answer.content.decode())
    assert found is not None
    return {stale_form.SHOWN: html.unescape(found[1])}


def test_who_saves_second_is_told_and_may_save_again(browser, edited) -> None:
    address, row, kind = edited
    seen = mark_in(browser.get(address))
    assert browser.post(address, kind.posted(row, _FIRST) | seen).status_code == 302
    row.refresh_from_db()
    assert kind.says(row, _FIRST)
    refused = browser.post(address, kind.posted(row, _SECOND) | seen)
    assert stale_form.CHANGED in text_of(refused)
    row.refresh_from_db()
    assert kind.says(row, _FIRST)
    again = kind.posted(row, _SECOND) | mark_in(refused)
    assert browser.post(address, again).status_code == 302
    row.refresh_from_db()
    assert kind.says(row, _SECOND)


def test_what_was_typed_is_kept_but_for_secrets(browser, edited) -> None:
    address, row, kind = edited
    seen = mark_in(browser.get(address))
    browser.post(address, kind.posted(row, _FIRST) | seen)
    text = text_of(browser.post(address, kind.posted(row, _SECOND) | seen))
    is_secret = "data_token" in kind.posted(row, "")
    assert (_SECOND in text) is not is_secret
    assert (stale_form.SECRETS in text) is is_secret
    if is_secret:
        assert _FIRST not in text


def test_beside_a_field_stands_what_is_stored_in_it_now(browser, acme) -> None:
    address = reverse("admin:registry_instance_change", args=[acme.pk])
    seen = mark_in(browser.get(address))
    browser.post(address, members_of(acme, name="From the first") | seen)
    shown = {"config": as_json(json.loads(acme.config)), "labels": "{}", "overrides": "{}"}
    as_browsers_send = {name: text.replace("\n", "\r\n") for name, text in shown.items()}
    late = members_of(acme, name="From the second", **as_browsers_send)
    text = text_of(browser.post(address, late | seen))
    assert text.count("Stored now: ") == 1
    assert "Stored now: From the first" in text


def test_a_switch_thrown_meanwhile_is_a_change_too(browser, acme) -> None:
    address = reverse("admin:registry_instance_change", args=[acme.pk])
    seen = mark_in(browser.get(address))
    browser.post(reverse("admin:registry_instance_verb", args=[acme.pk, "disable"]))
    text = text_of(browser.post(address, members_of(acme, name="Late") | seen))
    assert stale_form.CHANGED in text


def test_a_credential_that_two_add_is_stored_once_and_said(browser, acme, put) -> None:
    credential_of(lambda _: acme).delete()
    address = reverse("admin:credentials_credential_add") + "?instance=acme"
    assert stale_form.SHOWN in text_of(browser.get(address))
    put(acme, "bearer", {"token": _FIRST})
    answer = browser.post(address, {"data_token": _SECOND, stale_form.SHOWN: ""}, follow=True)
    assert stale_form.MADE in text_of(answer)
    assert json.loads(credential_of(lambda _: acme).open_secret()) == {"token": _FIRST}


def test_who_shows_no_page_claims_nothing(browser, edited) -> None:
    address, row, kind = edited
    assert browser.post(address, kind.posted(row, _FIRST)).status_code == 302
    row.refresh_from_db()
    assert kind.says(row, _FIRST)

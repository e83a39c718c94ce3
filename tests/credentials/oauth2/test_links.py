"""Connect links: for one instance, once, until they end, and in one browser."""

from __future__ import annotations

import re
from html import unescape
from random import randrange
from urllib.parse import urlsplit

import pytest
from django.test import Client

from credentials.models import ConnectLink, Credential
from integration_hub.audit.models import AuditEntry
from tests.credentials.oauth2.consent import CALLBACK, CLIENT, consent, entry, shop

pytestmark = pytest.mark.django_db
__all__ = ["consent", "shop"]

LINKS = "/api/v1/instances/shop/oauth2/links"


@pytest.fixture
def link(shop, put, api):
    """The path of a new link."""
    put(shop, "oauth2", CLIENT)
    made = api("credentials").post(LINKS, {}, format="json")
    assert made.status_code == 201, made.content
    assert made["Cache-Control"] == "no-store"
    url = made.json()["url"]
    assert url.startswith("http://localhost:8000/connect?link=")
    return url.removeprefix("http://localhost:8000")


def provider_address(page) -> str:
    """Where the page sends the browser."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.content.decode())
    assert found, page.content
    return unescape(found[1])


def test_someone_without_an_account_connects(link, consent, client) -> None:
    page = client.get(link)
    text = page.content.decode()
    assert page.status_code == 200
    for words in ("Dora&#x27;s shop", urlsplit(consent.url).netloc, "contacts.write"):
        assert words in text
    assert page["Referrer-Policy"] == "same-origin"
    assert "unsafe" not in page["Content-Security-Policy"]
    assert "<script" not in text
    onward = client.post(link)
    assert onward.status_code == 200
    assert onward["Referrer-Policy"] == "no-referrer"
    (cookie,) = [c for name, c in onward.cookies.items() if name.startswith("hub_connect_")]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", CALLBACK)
    back = consent.consent(provider_address(onward))
    done = client.get(CALLBACK, back, headers={"Accept": "text/html"})
    assert done.status_code == 200
    assert "Dora&#x27;s shop now has access" in done.content.decode()
    row = Credential.objects.get()
    assert row.revision == 2
    last = AuditEntry.objects.filter(action="credential.replaced").get()
    assert last.actor == f"link:{ConnectLink.objects.get().pk}"


def test_a_link_connects_once(link, consent, client) -> None:
    addresses = [provider_address(client.post(link)) for _ in range(2)]
    first, second = (consent.consent(address) for address in addresses)
    assert client.get(CALLBACK, first).status_code == 200
    refused = client.get(CALLBACK, second)
    assert refused.status_code == 404
    assert Credential.objects.get().revision == 2
    page = client.get(link)
    assert page.status_code == 404
    assert "has been used already" in page.content.decode()


def test_another_browser_cannot_finish_it(link, consent, client, alice) -> None:
    back = consent.consent(provider_address(client.post(link)))
    other = Client()
    other.force_login(alice)
    for stranger in (Client(), other):
        refused = stranger.get(CALLBACK, back, headers={"Accept": "text/html"})
        assert refused.status_code == 403
        assert "not begun in this browser" in refused.content.decode()
    assert client.get(CALLBACK, back).status_code == 200


def test_a_program_cannot_finish_it(link, consent, client, api) -> None:
    back = consent.consent(provider_address(client.post(link)))
    refused = api("credentials", "manage").post(
        "/api/v1/instances/shop/oauth2/callback", back, format="json"
    )
    assert refused.status_code == 403
    assert consent.counts["authorization_code"] == 0


def test_a_withdrawn_link_ends_at_once_also_for_who_is_on_the_way(
    link, consent, client, api
) -> None:
    back = consent.consent(provider_address(client.post(link)))
    assert api("credentials").delete(LINKS).status_code == 204
    assert "was withdrawn" in client.get(link).content.decode()
    assert client.get(CALLBACK, back).status_code == 404
    assert Credential.objects.get().revision == 1


def test_an_expired_link_ends(shop, put, api, client, fake_clock) -> None:
    put(shop, "oauth2", CLIENT)
    made = api("credentials").post(LINKS, {"expires_in": 60}, format="json").json()
    path = made["url"].removeprefix("http://localhost:8000")
    fake_clock.advance(61)
    for page in (client.get(path), client.post(path)):
        assert page.status_code == 404
        assert "has expired" in page.content.decode()


WRONG = [
    {"expires_in": 59},
    {"expires_in": 604_801},
    {"expires_in": "x"},
    {"expires_in": True},
    {"auth": "token"},
    {"days": 1},
]


@pytest.mark.parametrize("body", WRONG)
def test_a_wrong_link_is_refused(shop, api, body) -> None:
    assert api("credentials").post(LINKS, body, format="json").status_code == 400
    assert not ConnectLink.objects.exists()


@pytest.mark.parametrize("change", ["", "x", "cut", "flip", "other"])
def test_a_link_that_was_changed_opens_nothing(link, client, change, connect, consent) -> None:
    whole = link.partition("link=")[2]
    forged = {
        "cut": whole[:-1],
        "flip": whole[:-1] + ("A" if whole[-1] != "A" else "B"),
        "other": "0" * 32 + whole[32:],
    }.get(change, change)
    page = client.get("/connect", {"link": forged})
    assert page.status_code == 404
    assert "not a whole link" in page.content.decode()


def test_only_an_instance_that_a_person_can_connect_has_links(connect, api) -> None:
    connect("shop", auth=[{"type": "bearer"}])
    refused = api("credentials").post(LINKS, {}, format="json")
    assert refused.status_code == 400
    assert "needs an `auth` entry of the type oauth2" in refused.json()["detail"]


def test_guessing_links_is_slowed_down(client, db, settings) -> None:
    settings.HUB_CONNECT_RATE = "20/h"
    someone = {"REMOTE_ADDR": f"192.0.2.{randrange(1, 255)}"}
    pages = [client.get("/connect?link=guess", **someone) for _ in range(21)]
    assert [page.status_code for page in pages] == [404] * 20 + [429]
    assert int(pages[-1]["Retry-After"]) > 0


def test_a_link_needs_its_own_csrf_token(link, shop) -> None:
    assert Client(enforce_csrf_checks=True).post(link).status_code == 403


def test_an_entry_may_be_named(connect, consent, api) -> None:
    two = [entry(consent, id="one"), entry(consent, id="two")]
    connect("shop", auth=two)
    client = api("credentials")
    assert client.post(LINKS, {}, format="json").json()["errors"][0]["code"] == "AMBIGUOUS"
    assert client.post(LINKS, {"auth": "two"}, format="json").status_code == 201
    assert ConnectLink.objects.get().auth_id == "two"

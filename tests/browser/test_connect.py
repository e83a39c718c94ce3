"""Connecting by OAuth as people do it: from the admin, and from a link without an account."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opener
from tests.browser.hub import BrowserHub
from tests.consent_server import PASSWORD, USER, ConsentServer

pytestmark = pytest.mark.browser
SECRET = "browser-canary-9Kq2client"
SCOPES = ["contacts.read", "contacts.write"]


@pytest.fixture(scope="module")
def provider(hub: BrowserHub) -> Iterator[ConsentServer]:
    server = ConsentServer(f"{hub.url}/api/v1/oauth2/callback")
    server.add_client("hub", secret=SECRET)
    server.start()
    entry = {
        "type": "oauth2",
        "grant": "authorization_code",
        "authorization_url": server.authorize_url,
        "token_url": server.token_url,
        "scopes": SCOPES,
        "issuer": server.url,
    }
    definition = {
        "slug": "shop",
        "name": "Acme shop",
        "version": "1.0.0",
        "type": "http",
        "auth": [entry],
        "methods": {"me": {"http": {"method": "GET", "path": "/api/me"}}},
    }
    hub.must("POST", "/definitions", definition, 201)
    hub.must("POST", "/definitions/shop@1.0.0/publish", {}, 200)
    for slug in ("shop", "shop-by-link", "shop-denied"):
        body = {"definition": "shop@^1", "slug": slug, "name": f"The {slug}"}
        body["config"] = {"base_url": server.url}
        hub.ids[slug] = hub.must("POST", "/instances", body, 201)["id"]
    yield server
    server.stop()


def log_in_there(page: Page, button: str = "Allow") -> None:
    expect(page.get_by_role("heading", name="Acme")).to_be_visible()
    page.get_by_label("User").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name=button).click()


def begin(page: Page, hub: BrowserHub, slug: str) -> None:
    page.goto(f"/admin/registry/instance/{hub.ids[slug]}/change/")
    page.get_by_role("link", name=re.compile("^(Connect|Reconnect)$")).click()
    page.get_by_label("Client id").fill("hub")
    page.get_by_label("Client secret").fill(SECRET)
    page.get_by_role("button", name="Log in at").click()


def test_the_button_in_the_admin_connects_and_the_first_call_proves_it(
    open_page: Opener, hub: BrowserHub, provider: ConsentServer
) -> None:
    page = open_page(also=provider.url)
    begin(page, hub, "shop")
    log_in_there(page)
    expect(page.get_by_text("shop is connected to")).to_be_visible()
    assert page.url == f"{hub.url}/admin/registry/instance/{hub.ids['shop']}/change/"
    assert hub.must("GET", "/instances/shop", None, 200)["state"] == "disconnected"
    status, answer = hub.call(
        "POST", "/api/v1/instances/shop/methods/me/execute", {"parameters": {}}
    )
    assert (status, answer["data"]) == (200, {"ok": True})
    assert hub.must("GET", "/instances/shop", None, 200)["state"] == "connected"
    page.reload()
    expect(page.get_by_role("link", name="Reconnect")).to_be_visible()
    assert provider.counts["authorization_code"] == 1
    assert provider.counts["bad verifier"] == provider.counts["secret in a URL"] == 0


@pytest.mark.parametrize("width", [1440, PHONE])
def test_a_link_connects_without_an_account(
    open_page: Opener, hub: BrowserHub, provider: ConsentServer, width: int
) -> None:
    client = {"client_id": "hub", "client_secret": SECRET}
    credential = {"type": "oauth2", "data": client}
    hub.call("PUT", "/api/v1/instances/shop-by-link/credentials", credential)
    link = hub.must("POST", "/instances/shop-by-link/oauth2/links", {}, 201)["url"]
    provider.granted = "contacts.read"
    page = open_page(logged_in=False, also=provider.url, width=width, refusals=True)
    page.goto(link)
    expect(page.get_by_role("heading", name="Connect The shop-by-link")).to_be_visible()
    for scope in SCOPES:
        expect(page.get_by_text(scope)).to_be_visible()
    page.get_by_role("button", name="Connect at").click()
    log_in_there(page)
    provider.granted = None
    expect(page.get_by_role("heading", name="Connected", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("contacts.write is missing")
    page.goto(link)
    expect(page.get_by_role("alert")).to_contain_text("has been used already")


def test_a_denial_is_told_in_the_providers_words(
    open_page: Opener, hub: BrowserHub, provider: ConsentServer
) -> None:
    provider.denial = "Dora said <b>no</b>."
    page = open_page(also=provider.url, refusals=True)
    begin(page, hub, "shop-denied")
    log_in_there(page, "Deny")
    expect(page.get_by_role("alert")).to_contain_text("access_denied: Dora said <b>no</b>")
    page.get_by_role("link", name="Back to the instance").click()
    expect(page.get_by_role("link", name="Connect", exact=True)).to_be_visible()


def test_no_line_of_the_log_holds_a_code_a_state_or_a_secret(
    hub: BrowserHub, provider: ConsentServer
) -> None:
    assert provider.asked, "runs after the flows above"
    lines = hub.log.read_text()
    assert "/api/v1/oauth2/callback" in lines
    for asked in provider.asked:
        assert asked["state"] not in lines
    assert SECRET not in lines
    assert not re.search(r"code-[\w-]{32}|at-[\w-]{24}|rt-[\w-]{24}|connect\?link=", lines)

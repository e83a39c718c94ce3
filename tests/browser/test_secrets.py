"""What is secret is written, and shown once or never."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.hub import BrowserHub
from tests.journeys.steps import CANARY

pytestmark = pytest.mark.browser
NEW_SECRET = "another-secret-8Qm2vXk1"


def test_a_credential_is_written_and_never_shown(page: Page, hub: BrowserHub) -> None:
    page.goto("/admin/credentials/credential/")
    page.locator("#result_list tbody a", has_text="orders").click()
    field = page.get_by_label("Token", exact=True)
    expect(field).to_have_value("")
    expect(field).to_have_attribute("type", "password")
    assert CANARY not in page.content()
    field.fill(NEW_SECRET)
    page.get_by_role("button", name="Store").click()
    expect(page.get_by_text("The credential of orders is stored.")).to_be_visible()
    page.locator("#result_list tbody a", has_text="orders").click()
    assert NEW_SECRET not in page.content()
    expect(page.get_by_label("Token", exact=True)).to_have_value("")
    run = hub.run("orders", "ping", {})
    assert hub.hits("/ok")[-1]["headers"]["authorization"] == f"Bearer {NEW_SECRET}"
    page.goto(f"/admin/executor/execution/{run}/change/")
    assert NEW_SECRET not in page.content()


def test_a_form_that_fails_gives_no_secret_back(page: Page) -> None:
    page.goto("/admin/credentials/credential/")
    page.locator("#result_list tbody a", has_text="orders").click()
    page.get_by_label("Token", exact=True).fill("line\nbreak " + "x" * 70_000)
    page.get_by_placeholder("Date").fill("not a date")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Store").click()
    expect(page.get_by_text("Enter a valid date")).to_be_visible()
    expect(page.get_by_label("Token", exact=True)).to_have_value("")


def test_a_token_is_shown_once_can_be_copied_and_works(open_page: Opener, hub: BrowserHub) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/admin/access/token/add/")
    page.get_by_label("Name").fill("Nightly job")
    page.get_by_text("read: every GET").click()
    page.get_by_role("button", name="Make the token").click()
    shown = page.get_by_label("The new token")
    raw = shown.input_value()
    assert re.fullmatch(r"hub_[\w-]{43}", raw)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == raw
    bearer = {"Authorization": f"Bearer {raw}"}
    assert page.request.get("/api/v1/instances", headers=bearer).status == 200
    page.get_by_role("link", name="To the list").click()
    page.get_by_role("link", name="Nightly job").click()
    expect(page.get_by_text("active", exact=True)).to_be_visible()
    assert raw not in page.content()


def test_a_revoked_token_ends_at_once(page: Page, hub: BrowserHub) -> None:
    raw = hub.manage("create_token", "Revoke me", "--scope", "read").strip()
    page.goto("/admin/access/token/?q=Revoke")
    page.locator("#result_list tbody input[type=checkbox]").check()
    page.locator("select[name=action]").select_option("revoke")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("Revoked: 1.")).to_be_visible()
    bearer = {"Authorization": f"Bearer {raw}"}
    assert page.request.get("/api/v1/instances", headers=bearer).status == 401

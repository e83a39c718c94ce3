"""The live log: what happens shows without a reload, as text, on a real web process."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.hub import HOSTILE, BrowserHub

pytestmark = pytest.mark.browser
LIVE = "/admin/executor/execution/live/"


def test_a_call_shows_in_the_live_log_as_it_happens(page: Page, hub: BrowserHub) -> None:
    page.goto(LIVE)
    expect(page.locator("#live-state")).to_have_text("Listening")
    hub.run("orders", "ping", {})
    row = page.locator("#live-rows tr", has_text="integration.method.executed").first
    expect(row).to_contain_text("orders")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#live-state")).to_have_text("Paused")


def test_hostile_text_in_an_event_is_text(page: Page, hub: BrowserHub) -> None:
    page.goto(LIVE)
    page.get_by_label("Types").fill("integration.webhook.*")
    page.get_by_role("button", name="Listen").click()
    expect(page.locator("#live-state")).to_have_text("Listening")
    hub.must("POST", "/hooks/strange", {"text": HOSTILE, "to": "once more"}, 200)
    expect(page.locator("#live-rows tr").first).to_contain_text("<script>alert(1)</script>")
    assert page.locator("#live-rows script, #live-rows img").count() == 0
    assert page.locator("#live-rows tr", has_text="method.executed").count() == 0

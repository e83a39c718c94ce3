"""A mapping made from samples: proposed, broken, mended, saved, and used by its method."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Opener
from tests.browser.hub import BrowserHub

pytestmark = pytest.mark.browser
SAMPLE = {"customer": {"mail": " Ann@Example.com "}, "lines": [{"sku": "a-1", "qty": "2"}]}
WANTED = {"email": "ann@example.com", "items": [{"code": "a-1", "count": 2}]}


@pytest.fixture
def draft(hub: BrowserHub) -> str:
    document = {
        "slug": "mapped",
        "name": "Mapped",
        "version": "1.0.0",
        "type": "http",
        "config_schema": {"type": "object", "properties": {"base_url": {"type": "string"}}},
        "methods": {"echo": {"http": {"method": "POST", "path": "/echo", "body": "json"}}},
    }
    status, found = hub.call("GET", "/api/v1/definitions/mapped@1.0.0")
    if status == 404:
        found = hub.must("POST", "/definitions", document, 201)
    return str(found["id"])


def state(page: Page):
    return page.locator("#tr-state")


def test_a_mapping_is_made_broken_mended_saved_and_used(
    page: Page, hub: BrowserHub, draft: str
) -> None:
    page.goto("/admin/")
    page.get_by_role("link", name="Transforms").click()
    page.get_by_label("Draft").select_option("mapped@1.0.0")
    page.get_by_role("button", name="Open").click()
    page.get_by_label("Method").select_option("echo")
    page.get_by_role("button", name="Open").click()

    page.get_by_label("Sample").fill(json.dumps(SAMPLE, indent=2))
    page.get_by_label("Expected, if you have it").fill(json.dumps(WANTED, indent=2))
    expect(state(page)).to_have_text("differs")
    page.get_by_role("button", name="Propose rules from both").click()
    expect(state(page)).to_have_text("as expected")

    spec = page.get_by_label("Transform, as JSON or YAML")
    good = spec.input_value()
    spec.fill(good.replace('"integer"', '"date"'))
    expect(state(page)).to_have_text("1 error")
    expect(page.locator("#tr-errors")).to_contain_text("TYPE")
    wrong = page.locator("[data-pane=spec] .tr-wrong")
    expect(wrong).to_have_count(1)
    page.locator("#tr-errors button").click()
    expect(spec).to_be_focused()
    spec.fill(good)
    expect(state(page)).to_have_text("as expected")
    page.get_by_role("button", name="Save to echo").click()
    expect(page.get_by_text("Saved: the request of echo in mapped@1.0.0")).to_be_visible()

    page.goto(f"/admin/registry/definition/{draft}/change/")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Publish: mapped@1.0.0")).to_be_visible()
    config = {"base_url": f"http://127.0.0.1:{hub._upstream_port}"}
    body = {"definition": "mapped@^1", "slug": "mapped", "name": "Mapped", "config": config}
    hub.must("POST", "/instances", body, 201)
    status, answer = hub.execute("echo", mode="sync", instance="mapped", parameters=SAMPLE)
    assert status == 200
    assert answer["data"]["json"] == WANTED


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("dark", [False, True])
def test_the_desk_at_any_width(open_page: Opener, shots, width: int, dark: bool) -> None:
    page = open_page(width=width, dark=dark)
    page.goto("/admin/transforms/")
    page.get_by_label("Sample").fill(json.dumps(SAMPLE, indent=2))
    page.get_by_label("Expected, if you have it").fill(json.dumps(WANTED, indent=2))
    page.get_by_role("button", name="Propose rules from both").click()
    expect(state(page)).to_have_text("as expected")
    spec = page.get_by_label("Transform, as JSON or YAML")
    spec.fill(re.sub('"integer"', '"date"', spec.input_value()))
    expect(page.locator("#tr-errors")).to_contain_text("TYPE")
    name = f"transforms-{width}-{'dark' if dark else 'light'}.png"
    page.screenshot(path=shots / name, full_page=True)
    too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert too_wide <= 0

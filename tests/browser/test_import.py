"""A description with a thousand operations: chosen from, imported, and imported again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Opener
from tests.browser.test_screens import is_as_wide_as_its_window, keep

pytestmark = pytest.mark.browser
START = "/admin/registry/definition/import/"
MANY = 1_000


def description(words: str = "Reads") -> str:
    """Orders, contacts and the rest, one operation a path; one of them cannot be sent."""
    groups = ("orders", "contacts", "invoices", "deliveries")
    paths: dict[str, Any] = {
        f"/{groups[at % 4]}/{at}/{{id}}": {
            "get": {
                "operationId": f"get{groups[at % 4].title()}{at}",
                "tags": [groups[at % 4]],
                "summary": f"{words} number {at} of the {groups[at % 4]}",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {},
            }
        }
        for at in range(MANY)
    }
    body = {"required": True, "content": {"application/xml": {}}}
    paths["/letters"] = {"post": {"operationId": "sendLetter", "requestBody": body}}
    info = {"title": "Warehouse", "version": "1.0.0"}
    servers = [{"url": "https://warehouse.example"}]
    return json.dumps({"openapi": "3.0.3", "info": info, "servers": servers, "paths": paths})


def give(page: Page, text: str) -> None:
    page.get_by_label("Text").fill(text)
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("#operations tbody tr")).to_have_count(MANY + 1)


def choose_orders(page: Page) -> None:
    page.get_by_role("button", name="Choose none of those shown").click()
    expect(page.get_by_text(f"0 of {MANY + 1} chosen")).to_be_visible()
    page.locator("[data-filter-tag]").select_option("orders")
    page.get_by_label("Find").fill("number 1")
    page.get_by_role("button", name="Choose those shown").click()
    page.locator("[data-filter-tag]").select_option("")
    page.get_by_label("Find").fill("sendletter")
    page.get_by_label("sendLetter").check()


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_a_description_is_chosen_from_imported_and_merged_again(
    open_page: Opener, shots: Path, width: int
) -> None:
    page = open_page(width=width)
    page.goto("/admin/registry/definition/")
    page.get_by_role("link", name="Import OpenAPI or Postman").click()
    give(page, description())
    choose_orders(page)
    keep(page, shots / f"import-choose-{width}.png")
    page.get_by_label("Slug").fill(f"warehouse-{width}")
    page.get_by_role("button", name="Show what it becomes").click()
    outcome = page.get_by_role("status")
    expect(outcome.get_by_text("1 operations left out")).to_be_visible()
    expect(outcome.get_by_text("application/xml")).to_be_visible()
    assert is_as_wide_as_its_window(page)
    keep(page, shots / f"import-report-{width}.png")
    page.get_by_role("button", name="Make the draft").click()
    expect(page.get_by_text(f"warehouse-{width}@1.0.0 is a draft of")).to_be_visible()
    page.get_by_label("Find").fill("number 100 of")
    expect(page.locator("#methods tbody tr:visible")).to_have_count(1)
    document = page.locator("#id_document")
    text = document.input_value().replace("Reads number 100 of the orders", "The hundredth order")
    document.fill(text)
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert is_as_wide_as_its_window(page)
    keep(page, shots / f"import-draft-{width}.png")

    page.get_by_role("link", name="Import a later revision").click()
    give(page, description("Finds"))
    page.get_by_role("button", name="Show what it becomes").click()
    outcome = page.get_by_role("status")
    expect(outcome.get_by_text("Changed here and there: 1")).to_be_visible()
    expect(outcome.get_by_text("The hundredth order")).to_be_visible()
    assert is_as_wide_as_its_window(page)
    keep(page, shots / f"import-again-{width}.png")
    page.get_by_role("button", name="Store it").click()
    kept = page.locator("#id_document")
    expect(kept).to_have_value(kept.input_value())
    assert "The hundredth order" in kept.input_value()
    assert "Finds number 1 of" not in kept.input_value(), "number 1 is a contact"
    assert "Finds number 104 of the orders" in kept.input_value()

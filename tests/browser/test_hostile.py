"""Script in whatever an outsider can have stored is text on every page."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from tests.browser.hub import HOSTILE, SCRIPTS, BrowserHub

pytestmark = pytest.mark.browser

SHOWING = {  # where it was stored → a page that shows it
    "name of an instance": "/admin/registry/instance/",
    "description of a definition": "{definition}",
    "description of a method": "{try}",
    "parameter and answer": "{echo}",
    "text of an error": "{count}",
    "header of an answer": "{away}",
}


def places(page: Page, hub: BrowserHub) -> dict[str, str]:
    page.goto("/admin/registry/definition/?q=strange")
    definition = page.locator("#result_list tbody th a").first.get_attribute("href") or ""
    calls = {
        name: f"/admin/executor/execution/{key}/change/" for name, key in hub.executions.items()
    }
    chosen = "/admin/executor/execution/try/?instance=strange&method=echo"
    return {"definition": definition, "try": chosen, **calls}


def settled(page: Page) -> str:
    """What the page shows with everything folded out, once nothing is loading."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.wait_for_load_state("networkidle")
    return page.locator("body").inner_text()


@pytest.mark.parametrize("place", SHOWING)
def test_a_stored_script_is_shown_as_text_and_does_not_run(
    page: Page, hub: BrowserHub, place: str
) -> None:
    found = places(page, hub)
    page.goto(SHOWING[place].format(**found))
    shown = settled(page)
    if place == "text of an error":
        assert "TRANSFORM_ERROR" in shown
    else:
        assert SCRIPTS[0] in shown
    assert page.locator("img[src=x], svg[onload]").count() == 0


def test_a_script_in_an_address_is_text_too(page: Page, hub: BrowserHub) -> None:
    for path in (
        "/admin/executor/execution/?q=",
        "/admin/registry/instance/?q=",
        "/admin/executor/execution/try/?instance=",
        "/admin/executor/execution/try/?instance=strange&method=",
    ):
        page.goto(path + quote(HOSTILE))
        settled(page)
        assert page.locator("img[src=x], svg[onload]").count() == 0


def test_a_tried_method_shows_its_answer_as_text(page: Page) -> None:
    page.goto("/admin/executor/execution/try/?instance=strange&method=echo")
    page.get_by_role("button", name="Call it now").click()
    assert SCRIPTS[0] in settled(page)
    page.goto("/admin/")
    settled(page)

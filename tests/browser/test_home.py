"""The home page in a browser: true without a reload, steady while it changes, quiet when hidden."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.conftest import Opener
from tests.browser.hub import HOSTILE, SCRIPTS, BrowserHub

pytestmark = pytest.mark.browser
HOME = "/admin/"
EVERY_MS = 15_000

_HIDE = """hidden => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def part(page: Page, name: str) -> Locator:
    return page.locator(f'#home [data-part="{name}"]')


def calls_shown(page: Page) -> int:
    return int(part(page, "calls").locator(".home-value").first.inner_text())


@pytest.fixture
def asked(page: Page) -> list[Request]:
    """Every time that the page asked for its cards."""
    found: list[Request] = []
    page.on("request", lambda one: found.append(one) if "/admin/home/" in one.url else None)
    return found


def test_every_figure_leads_to_the_rows_behind_it(page: Page) -> None:
    page.goto(HOME)
    assert calls_shown(page) >= 6
    links = page.locator(".home-figures a, .home-alarms a")
    addresses = {link.get_attribute("href") or "" for link in links.all()}
    assert len(addresses) >= 12
    for address in sorted(addresses):
        page.goto(address)
        expect(page.locator("#changelist")).to_be_visible()


def test_a_call_shows_without_a_reload_and_nothing_jumps(page: Page, hub: BrowserHub) -> None:
    page.clock.install()
    page.goto(HOME)
    before = calls_shown(page)
    page.evaluate("window.notReloaded = true")
    part(page, "calls").get_by_text("The same as a table").click()
    focused = part(page, "calls").locator(".home-figures a").first
    address = focused.get_attribute("href")
    focused.focus()
    page.mouse.wheel(0, 200)
    page.wait_for_function(
        "scrollY > 0 || document.querySelector('#main')?.scrollTop !== undefined"
    )
    top = part(page, "calls").bounding_box()
    hub.run("orders", "ping", {})
    with page.expect_response("**/admin/home/*"):
        page.clock.run_for(EVERY_MS + 1_000)
    expect(part(page, "calls").locator(".home-value").first).to_have_text(str(before + 1))
    assert page.evaluate("window.notReloaded")
    assert part(page, "calls").locator("details").evaluate("one => one.open")
    assert page.evaluate("document.activeElement.getAttribute('href')") == address
    assert part(page, "calls").bounding_box() == top


def test_a_hidden_page_asks_for_nothing_and_one_that_comes_back_asks_at_once(
    page: Page, asked: list[Request]
) -> None:
    page.clock.install()
    page.goto(HOME)
    page.evaluate(_HIDE, True)
    page.clock.run_for(20 * EVERY_MS)
    assert asked == []
    with page.expect_response("**/admin/home/*"):
        page.evaluate(_HIDE, False)
    assert len(asked) == 1


def test_a_page_that_is_no_longer_up_to_date_says_so_and_recovers(open_page: Opener) -> None:
    page = open_page(refusals=True)
    page.clock.install()
    page.goto(HOME)
    page.route("**/admin/home/*", lambda route: route.fulfill(status=403))
    page.clock.run_for(EVERY_MS + 1_000)
    expect(part(page, "now")).to_have_text("Not up to date: log in again.")
    page.unroute("**/admin/home/*")
    page.clock.run_for(EVERY_MS + 1_000)
    expect(part(page, "now")).to_contain_text("As of")


def test_the_chosen_time_stays_chosen_and_the_chart_is_there_as_a_table_too(
    page: Page, asked: list[Request]
) -> None:
    page.clock.install()
    page.goto(HOME)
    for window, bars in (("1h", 13), ("7d", 29)):
        page.locator("#home nav").get_by_role("link", name=window).click()
        expect(page.get_by_role("heading", name=f"Calls in {window}")).to_be_visible()
        part(page, "calls").get_by_text("The same as a table").click()
        expect(part(page, "calls").get_by_role("row")).to_have_count(1 + bars)
    with page.expect_response("**/admin/home/*"):
        page.clock.run_for(EVERY_MS + 1_000)
    assert asked[-1].url.endswith("within=7d")
    expect(part(page, "calls").get_by_role("row")).to_have_count(30)


def test_a_stored_script_is_text_at_first_and_after_a_refresh(page: Page, hub: BrowserHub) -> None:
    config = {"base_url": f"http://127.0.0.1:{hub._upstream_port}"}
    body = {"definition": "orders@^1", "slug": "second", "name": HOSTILE[:120], "config": config}
    hub.must("POST", "/instances", body, 201)
    try:
        page.clock.install()
        page.goto(HOME)
        card = part(page, "integrations")
        expect(card).to_contain_text(SCRIPTS[0])
        expect(card).to_contain_text("Waiting for set-up")
        hub.run("strange", "count", {"text": HOSTILE})
        with page.expect_response("**/admin/home/*"):
            page.clock.run_for(EVERY_MS + 1_000)
        expect(card).to_contain_text(SCRIPTS[0])
        assert page.locator("#home script, #home img, #home svg[onload]").count() == 0
    finally:
        hub.must("DELETE", "/instances/second", {}, 204)

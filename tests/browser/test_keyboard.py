"""The main job without a mouse: where the focus is can be seen at every step."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opener
from tests.browser.hub import ADMIN, PASSWORD
from tests.browser.test_login import wait_for_focus

pytestmark = pytest.mark.browser
TABS_AT_MOST = 60

# The element, or the box that unfold draws around it, is outlined, in sight and under no bar.
_FOCUS = """
() => {
  const element = document.activeElement;
  const styles = [element, element.parentElement].map(one => getComputedStyle(one));
  const outlined = styles.some(style =>
    style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
    && !/rgba\\(.*, 0\\)|transparent/.test(style.outlineColor));
  const box = element.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const open = !!top && (element.contains(top) || top.contains(element));
  const heard = part => {
    const copy = part.cloneNode(true);
    copy.querySelectorAll("[aria-hidden=true], select, textarea").forEach(one => one.remove());
    return copy.textContent.replace(/\\s+/g, " ").trim();
  };
  const name = element.ariaLabel || heard(element.labels?.[0] ?? element);
  return {outlined, open, name, html: element.outerHTML.slice(0, 200)};
}
"""


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until what has this name has the focus; each stop on the way can be seen."""
    for _ in range(TABS_AT_MOST):
        page.keyboard.press("Tab")
        page.wait_for_timeout(20)  # a bar that slides in is in its place
        stop = page.evaluate(_FOCUS)
        if not stop["html"].startswith("<body"):
            assert stop["outlined"], f"no focus to be seen on {stop['html']}"
            assert stop["open"], f"something covers {stop['html']}"
        if stop["name"] == name:
            return
    pytest.fail(f"{TABS_AT_MOST} tabs did not reach {name}")


def skip(page: Page) -> None:
    """Past the menu, by the first stop of the page."""
    page.keyboard.press("Tab")
    assert page.evaluate(_FOCUS)["name"] == "Skip to the content"
    page.keyboard.press("Enter")
    expect(page.locator("#hub-main")).to_be_focused()


def test_a_method_is_called_and_its_execution_read_from_the_login_on(open_page: Opener) -> None:
    page = open_page(logged_in=False)
    page.goto("/admin/")
    wait_for_focus(page, "username")
    page.keyboard.type(ADMIN)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Latest calls")).to_be_visible()
    tab_to(page, "Instances")
    page.keyboard.press("Enter")
    expect(page.locator("#result_list")).to_be_visible()
    skip(page)
    tab_to(page, "orders")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Disable")).to_be_visible()
    skip(page)
    tab_to(page, "Try a method")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Method")).to_be_visible()
    skip(page)
    tab_to(page, "Method")
    page.keyboard.type("ping")
    tab_to(page, "Choose")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Call it now")).to_be_visible()
    skip(page)
    tab_to(page, "Call it now")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").get_by_text("completed", exact=True)).to_be_visible()
    skip(page)
    tab_to(page, "Read the execution")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="orders · ping")).to_be_visible()


def test_filters_open_and_close(page: Page) -> None:
    page.goto("/admin/executor/execution/")
    skip(page)
    tab_to(page, "Filters")
    page.keyboard.press("Enter")
    expect(page.locator("#changelist-filter")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#changelist-filter")).not_to_be_visible()


def test_the_menu_of_a_person_leads_out(open_page: Opener) -> None:
    page = open_page()
    page.goto("/admin/doctor/")
    mine = page.locator("#nav-sidebar").get_by_role("button", name=ADMIN)
    mine.focus()
    page.keyboard.press("Enter")
    dark = page.get_by_role("button", name="Dark")
    expect(dark).to_be_visible()
    dark.press("Space")
    expect(page.locator("html")).to_have_class("dark")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def test_on_a_phone_the_menu_opens_and_closes(open_page: Opener) -> None:
    page = open_page(width=PHONE)
    page.goto("/admin/doctor/")
    link = page.locator("#nav-sidebar").get_by_role("link", name="Executions")
    tab_to(page, "Menu")
    page.keyboard.press("Enter")
    expect(link).to_be_in_viewport()
    page.locator("#nav-sidebar").get_by_role("button", name="Close").press("Enter")
    expect(link).not_to_be_in_viewport()


def test_who_is_not_logged_in_chooses_light_or_dark_too(open_page: Opener) -> None:
    page = open_page(logged_in=False)
    page.goto("/admin/login/")
    wait_for_focus(page, "username")
    page.get_by_role("button", name="Theme").press("Enter")
    expect(page.get_by_role("button", name="Light")).to_be_visible()

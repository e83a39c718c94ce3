"""Getting in, and what is seen first."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opener, log_in
from tests.browser.hub import ADMIN, PASSWORD

pytestmark = pytest.mark.browser


def wait_for_focus(page: Page, name: str) -> None:
    page.wait_for_function("name => document.activeElement.name === name", arg=name)


def test_a_wrong_password_is_said_to_be_wrong_and_a_right_one_opens_the_dashboard(
    open_page: Opener,
) -> None:
    page = open_page(logged_in=False)
    log_in(page, password="wrong")
    expect(page.get_by_text("Please enter the correct username and password")).to_be_visible()
    log_in(page)
    expect(page.get_by_role("heading", name="Latest calls")).to_be_visible()


def test_the_login_is_done_with_the_keyboard_alone(open_page: Opener) -> None:
    page = open_page(logged_in=False)
    page.goto("/admin/")
    wait_for_focus(page, "username")
    page.keyboard.type(ADMIN)
    page.keyboard.press("Tab")
    wait_for_focus(page, "password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url("/admin/")


def test_a_stranger_sees_the_login_whatever_the_address(open_page: Opener) -> None:
    page = open_page(logged_in=False)
    page.goto("/admin/executor/execution/")
    expect(page).to_have_url("/admin/login/?next=/admin/executor/execution/")


def test_on_a_desk_the_menu_folds_away_and_comes_back(page: Page) -> None:
    page.goto("/admin/")
    link = page.locator("#nav-sidebar").get_by_role("link", name="Executions")
    expect(link).to_be_in_viewport()
    page.get_by_role("button", name="Menu").click()
    expect(link).not_to_be_in_viewport()
    page.get_by_role("button", name="Menu").press("Enter")
    expect(link).to_be_in_viewport()


def test_on_a_phone_the_menu_opens_and_leads_on(open_page: Opener) -> None:
    page = open_page(width=PHONE)
    page.goto("/admin/")
    link = page.locator("#nav-sidebar").get_by_role("link", name="Executions")
    expect(link).not_to_be_in_viewport()
    page.get_by_role("button", name="Menu").click()
    expect(link).to_be_in_viewport()
    link.click()
    expect(page.locator("#result_list")).to_be_visible()

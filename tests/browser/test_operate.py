"""An operator's day: look at an instance, test it, call it, read what happened."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opener
from tests.browser.hub import BrowserHub
from tests.journeys.steps import CANARY

pytestmark = pytest.mark.browser


def instance_page(page: Page, hub: BrowserHub) -> None:
    page.goto(f"/admin/registry/instance/{hub.ids['orders']}/change/")


def test_the_page_of_an_instance_shows_its_state_and_what_can_be_done(
    page: Page, hub: BrowserHub
) -> None:
    instance_page(page, hub)
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    content = page.get_by_role("main")
    for name in ("Credential", "Executions", "Test connection", "Try a method"):
        expect(content.get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Disable")).to_be_visible()


def test_an_instance_is_switched_off_and_on(page: Page, hub: BrowserHub) -> None:
    instance_page(page, hub)
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Disable: orders")).to_be_visible()
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_text("Enable: orders")).to_be_visible()


def test_a_connection_is_tested_step_by_step(page: Page, hub: BrowserHub) -> None:
    before = len(hub.hits("/ok"))
    instance_page(page, hub)
    page.get_by_role("link", name="Test connection").click()
    page.get_by_role("button", name="Test now").click()
    expect(page.get_by_text("works", exact=True)).to_be_visible()
    assert page.locator(".exec-timeline > li.hub-ok").count() >= 3
    assert len(hub.hits("/ok")) > before


@pytest.mark.parametrize("width", [1440, PHONE])
def test_a_method_is_tried_and_its_execution_read(
    open_page: Opener, hub: BrowserHub, width: int
) -> None:
    page = open_page(width=width)
    instance_page(page, hub)
    page.get_by_role("main").get_by_role("link", name="Try a method", exact=True).click()
    page.get_by_label("Method").select_option("create_contact")
    page.get_by_role("button", name="Choose").click()
    page.get_by_role("button", name="Call it now").click()
    answer = page.get_by_role("status")
    expect(answer.get_by_text("completed", exact=True)).to_be_visible()
    expect(answer.locator("pre")).to_contain_text("ann@example.com")
    page.get_by_role("link", name="Read the execution").click()
    expect(page.get_by_role("heading", name="orders · create_contact")).to_be_visible()
    expect(page.get_by_text("Completed", exact=True)).to_be_visible()
    expect(page.locator("dd", has_text="alice")).to_be_visible()
    for part in ("Request", "Response"):
        page.locator("summary", has_text=part).click()
    request = page.locator("details[open] pre").first
    expect(request).to_contain_text("/contacts/7")
    expect(request).to_contain_text("***")
    assert CANARY not in page.content()
    assert "ann@example.com" not in page.content()  # named sensitive


def test_parameters_that_are_wrong_are_named_and_kept(page: Page) -> None:
    page.goto("/admin/executor/execution/try/?instance=orders&method=create_contact")
    page.get_by_label("Parameters").fill('{"email": "no address"}')
    page.get_by_role("button", name="Call it now").click()
    answer = page.get_by_role("status")
    expect(answer.get_by_text("VALIDATION_ERROR", exact=True)).to_be_visible()
    expect(answer.get_by_text("/parameters/email", exact=True)).to_be_visible()
    expect(page.get_by_label("Parameters")).to_have_value('{"email": "no address"}')


def test_a_failed_call_says_in_words_what_happened_and_what_to_do(
    page: Page, hub: BrowserHub
) -> None:
    page.goto(f"/admin/executor/execution/{hub.executions['failed']}/change/")
    expect(page.get_by_text("The external system answered 503.", exact=True)).to_be_visible()
    expect(page.get_by_text("The same call may be sent again.")).to_be_visible()
    expect(page.get_by_role("heading", name="Attempt 2")).to_be_visible()
    page.goto(f"/admin/executor/execution/{hub.executions['unknown']}/change/")
    expect(page.get_by_text("Look in the external system before calling again")).to_be_visible()


def test_the_log_is_searched_and_filtered(page: Page, hub: BrowserHub) -> None:
    page.goto("/admin/executor/execution/")
    page.locator("#searchbar").fill("strange")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=strange")
    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(page.locator("#result_list tr", has_text="strange").count())
    page.goto("/admin/executor/execution/?status__exact=outcome_unknown")
    expect(page.locator("#result_list tr", has_text="reset")).to_have_count(1)


def test_a_search_that_finds_nothing_says_so_and_leads_back(page: Page) -> None:
    page.goto("/admin/registry/instance/?q=nothing-like-this")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.locator("#changelist").get_by_role("link", name="Show all").click()
    rows = page.locator("#result_list tbody tr")  # other tests connect instances of their own
    for slug in ("orders", "strange"):
        expect(rows.filter(has_text=slug).first).to_be_visible()


def test_definitions_are_listed_and_read(page: Page) -> None:
    page.goto("/admin/registry/definition/")
    row = page.locator("#result_list tr", has_text="Order service")
    expect(row.get_by_text("Published")).to_be_visible()
    row.get_by_role("link", name="orders").click()
    methods = page.locator(".hub-table")
    expect(methods.get_by_text("Create a contact in a list")).to_be_visible()
    expect(methods.get_by_text("list_id*, email*, name")).to_be_visible()
    expect(page.get_by_text("slug: orders")).to_be_visible()


def test_a_definition_that_is_wrong_is_refused_with_every_fault(page: Page) -> None:
    page.goto("/admin/registry/definition/add/")
    page.locator("#id_document").fill("slug: Not A Slug\nversion: one\nnonsense: 1\n")
    page.get_by_role("button", name="Save", exact=True).click()
    for pointer in ("/slug", "/version", "/nonsense"):
        expect(page.get_by_text(pointer, exact=False).first).to_be_visible()
    expect(page.locator("#id_document")).to_have_value(
        "slug: Not A Slug\nversion: one\nnonsense: 1\n"
    )


def test_what_runs_code_or_keeps_what_people_typed_has_no_page(open_page: Opener) -> None:
    page = open_page()
    page.goto("/admin/")
    for path in ("django_q/schedule", "django_q/ormq", "django_q/failure", "axes/accessattempt"):
        answer = page.request.get(f"/admin/{path}/")
        assert answer.status == 404, path

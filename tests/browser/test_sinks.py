"""Who is told of events: a sink is added with its fields, tried, and mended, without any JSON."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from integration_hub.lib.standard_webhooks import new_secret
from tests.browser.conftest import PHONE, Opener
from tests.events.receiver import receiving
from tests.reference_webhooks import LIBRARIES

pytestmark = pytest.mark.browser


def begin(page: Page) -> None:
    page.goto("/admin/events/eventsink/add/")
    page.get_by_role("link", name="Webhook (signed POST)").click()


@pytest.mark.parametrize("width", [1440, PHONE])
def test_a_webhook_is_added_and_sent_a_test_event(open_page: Opener, width: int) -> None:
    page, name, secret = open_page(width=width), f"orders at {width}", new_secret()
    with receiving() as receiver:
        begin(page)
        page.get_by_label("Name").fill(name)
        page.get_by_label("URL").fill(receiver.url())
        page.locator("input[name=config_secret]").fill(secret)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("was added successfully")).to_be_visible()

        row = page.locator("#result_list tbody tr", has_text=name)
        row.locator("input[name=_selected_action]").check()
        page.locator("select[name=action]").select_option("send_test_event")
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_text(f"{name}: The receiver has it.")).to_be_visible()
    (hit,) = receiver.of("/hook")
    event = LIBRARIES["python"].verified(secret, hit.body, hit.headers)
    assert event["type"] == "integration.sink.test"
    assert secret not in page.content()


def test_a_fault_stands_at_its_field_and_what_was_typed_stays(page: Page) -> None:
    begin(page)
    page.get_by_label("Name").fill("mistyped")
    page.get_by_label("URL").fill("http://169.254.169.254/hook")
    page.locator("input[name=config_secret]").fill(new_secret())
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("URL")).to_have_value("http://169.254.169.254/hook")
    expect(page.get_by_label("Name")).to_have_value("mistyped")
    expect(page.locator("input[name=config_secret]")).to_have_value("")
    expect(page.get_by_text("Enter it again: a page shows no secret.")).to_be_visible()

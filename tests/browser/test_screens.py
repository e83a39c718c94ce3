"""Every page at the width of a desk and of a phone, light and dark, kept as a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE, Opener
from tests.browser.hub import BrowserHub

pytestmark = pytest.mark.browser

PAGES = {
    "home": "/admin/",
    "instances": "/admin/registry/instance/",
    "instance": "/admin/registry/instance/{orders}/change/",
    "instance-add": "/admin/registry/instance/add/",
    "definitions": "/admin/registry/definition/",
    "definition": "{definition}",
    "definition-add": "/admin/registry/definition/add/",
    "import": "/admin/registry/definition/import/",
    "transforms": "/admin/transformer/namedtransform/",
    "transform-add": "/admin/transformer/namedtransform/add/",
    "adapters": "/admin/registry/adapterswitch/",
    "credentials": "/admin/credentials/credential/",
    "credential": "{credential}",
    "credential-add": "/admin/credentials/credential/add/",
    "executions": "/admin/executor/execution/",
    "execution-good": "/admin/executor/execution/{good}/change/",
    "execution-failed": "/admin/executor/execution/{failed}/change/",
    "execution-unknown": "/admin/executor/execution/{unknown}/change/",
    "try": "/admin/executor/execution/try/?instance=orders&method=create_contact",
    "test": "/admin/executor/execution/test/{orders}/",
    "instance-health": "/admin/executor/execution/health/{orders}/",
    "errors": "/admin/executor/execution/errors/",
    "silences": "/admin/executor/healthsilence/",
    "silence-add": "/admin/executor/healthsilence/add/",
    "doctor": "/admin/doctor/",
    "live": "/admin/executor/execution/live/",
    "webhooks": "/admin/inbound/receivedhook/",
    "webhook": "{webhook}",
    "parked": "/admin/inbound/parkedmessage/",
    "webhook-secrets": "/admin/inbound/hooksecret/",
    "webhook-secret-add": "/admin/inbound/hooksecret/add/",
    "instance-unsigned": "/admin/registry/instance/{strange}/change/",
    "events": "/admin/events/event/",
    "event": "{event}",
    "sinks": "/admin/events/eventsink/",
    "sink-add": "/admin/events/eventsink/add/",
    "sink-add-webhook": "/admin/events/eventsink/add/?type=webhook",
    "sink-add-kafka": "/admin/events/eventsink/add/?type=kafka",
    "tokens": "/admin/access/token/",
    "token-add": "/admin/access/token/add/",
    "users": "/admin/auth/user/",
    "user": "{user}",
    "user-add": "/admin/auth/user/add/",
    "groups": "/admin/auth/group/",
    "group-add": "/admin/auth/group/add/",
    "audit": "/admin/audit/auditentry/",
    "audit-entry": "{audit}",
    "password": "/admin/password_change/",
}
LISTS = {
    "definition": "definitions",
    "credential": "credentials",
    "webhook": "webhooks",
    "event": "events",
    "user": "users",
    "audit": "audit",
}
OUTSIDE = {"login": "/admin/login/", "health": "/health/readiness", "docs": "/api/docs"}


def first_of(page: Page, path: str) -> str:
    """The address of a list's first row."""
    page.goto(path)
    return page.locator("#result_list tbody th a").first.get_attribute("href") or ""


def keep(page: Page, path: Path) -> None:
    """The whole page as if the screen were as high as it: bars at the bottom hide nothing."""
    size = page.viewport_size
    assert size is not None
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
    page.screenshot(path=path)
    page.set_viewport_size(size)


def is_as_wide_as_its_window(page: Page) -> bool:
    root = "document.documentElement"
    return bool(page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_no_page_is_wider_than_its_window(
    open_page: Opener, hub: BrowserHub, shots: Path, width: int, dark: bool
) -> None:
    page = open_page(width=width, dark=dark)
    places = {**hub.ids, **hub.executions}
    places |= {name: first_of(page, PAGES[listing]) for name, listing in LISTS.items()}
    wide = []
    for name, path in PAGES.items():
        answer = page.goto(path.format(**places))
        assert answer is not None
        assert answer.ok, (name, answer.status)
        mode = "dark" if dark else "light"
        keep(page, shots / f"{name}-{width}-{mode}.png")
        if not is_as_wide_as_its_window(page):
            wide.append(name)
    assert wide == []


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_what_strangers_see_is_no_wider_than_its_window(
    open_page: Opener, shots: Path, width: int
) -> None:
    page = open_page(width=width, logged_in=False)
    for name, path in OUTSIDE.items():
        answer = page.goto(path)
        assert answer is not None
        assert answer.ok, name
        page.wait_for_load_state("networkidle")
        keep(page, shots / f"{name}-{width}-light.png")
        assert is_as_wide_as_its_window(page), name

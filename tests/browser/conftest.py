"""One hub and one browser for all of these tests; a fresh, watched page for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from tests.browser import pages
from tests.browser.hub import ADMIN, PASSWORD, BrowserHub, running
from tests.browser.watch import Watch

DESKTOP, PHONE = 1440, 390
HEIGHT = 900
QUIET = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
OPEN_SECONDS = 20

Opener = Callable[..., Page]


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserHub]:
    with running(tmp_path_factory.mktemp("hub")) as found:
        yield found


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    if binary is None:
        if os.environ.get("HUB_CI") == "1":
            pytest.fail("No Chromium here; install the package `chromium`.")
        pytest.skip("no Chromium here")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=binary, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def session(hub: BrowserHub, chromium: Browser) -> StorageState:
    """Cookies of a person who has logged in."""
    context = chromium.new_context(base_url=hub.url)
    page = context.new_page()
    log_in(page)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="package")
def places(hub: BrowserHub, chromium: Browser, session: StorageState) -> dict[str, str]:
    """What the addresses in `pages.PAGES` leave open, with a row of every kind in the hub."""
    context = chromium.new_context(base_url=hub.url, storage_state=session)
    found = pages.places(context.new_page(), hub)
    context.close()
    return found


@pytest.fixture
def open_page(
    hub: BrowserHub, chromium: Browser, request: pytest.FixtureRequest
) -> Iterator[Opener]:
    """`open_page(width=…, dark=…, logged_in=…)`; at the end every page must have been clean.

    `also` is an origin beside the hub's that may be asked; with `refusals` pages may
    be answered 4xx.
    """
    opened = []

    def make(
        *,
        width: int = DESKTOP,
        dark: bool = False,
        logged_in: bool = True,
        also: str = "",
        refusals: bool = False,
    ) -> Page:
        context = chromium.new_context(
            base_url=hub.url,
            viewport={"width": width, "height": HEIGHT},
            color_scheme="dark" if dark else "light",
            storage_state=request.getfixturevalue("session") if logged_in else None,
        )
        context.set_default_timeout(OPEN_SECONDS * 1000)
        page = context.new_page()
        origins = filter(None, [hub.url, also])
        opened.append((context, Watch(page, *origins, refusals=refusals)))
        return page

    yield make
    for context, _ in opened:
        context.close()
    for _, watch in opened:
        watch.check()


@pytest.fixture
def page(open_page: Opener) -> Page:
    """alice at her desk."""
    return open_page()


@pytest.fixture(scope="session")
def shots() -> Path:
    """Where screenshots are kept."""
    folder = Path(os.environ.get("HUB_VAR_DIR", "var")) / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def log_in(page: Page, password: str = PASSWORD) -> None:
    page.goto("/admin/login/?next=/admin/")
    page.get_by_label("Username").fill(ADMIN)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()

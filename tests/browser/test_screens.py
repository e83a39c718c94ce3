"""Every page at the width of a desk and of a phone, light and dark: kept as a picture and judged.

That none complains on the console or asks another origin is `Watch`'s to say, on every page.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import axe
from tests.browser.conftest import DESKTOP, PHONE, Opener
from tests.browser.pages import OUTSIDE, PAGES
from tests.faults import figures

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
MODES = ("1440-light", "1440-dark", "390-light", "390-dark")
AXE_MODES = MODES if figures.FULL else (MODES[0], MODES[3])


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
def test_every_page_fits_its_window_and_axe_finds_nothing_on_it(
    open_page: Opener, places: dict[str, str], shots: Path, width: int, dark: bool
) -> None:
    page = open_page(width=width, dark=dark)
    walk(page, PAGES, places, shots, f"{width}-{'dark' if dark else 'light'}")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_what_strangers_see_fits_its_window_and_axe_finds_nothing_on_it(
    open_page: Opener, places: dict[str, str], shots: Path, width: int, dark: bool
) -> None:
    page = open_page(width=width, dark=dark, logged_in=False)
    walk(page, OUTSIDE, places, shots, f"{width}-{'dark' if dark else 'light'}")


def walk(
    page: Page, paths: Mapping[str, str], places: dict[str, str], shots: Path, mode: str
) -> None:
    """Every page is opened, kept as a picture and judged; all that is wrong is said at once.

    By axe in each width and in each theme, in all four modes for HUB_FAULTS=full.
    """
    wide, found = [], {}
    for name, path in paths.items():
        answer = page.goto(path.format(**places))
        assert answer is not None
        assert answer.ok, (name, answer.status)
        page.wait_for_load_state("networkidle" if name == "docs" else "load")
        keep(page, shots / f"{name}-{mode}.png")
        if not is_as_wide_as_its_window(page):
            wide.append(name)
        if mode in AXE_MODES and (findings := axe.findings(page)):
            found[name] = findings
    assert wide == []
    assert found == {}

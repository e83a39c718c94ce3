"""A file converted in the browser: downloaded, or told what is wrong with which row."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Opener

pytestmark = pytest.mark.browser
SPEC = "rules: [{source: id, target: id, type: integer}]"


@pytest.mark.parametrize(("width", "dark"), [(DESKTOP, False), (PHONE, True)])
def test_a_file_is_converted_or_its_bad_rows_are_told(
    open_page: Opener, shots: Path, tmp_path: Path, width: int, dark: bool
) -> None:
    (tmp_path / "good.csv").write_text("id;name\n7;Ada\n")
    (tmp_path / "bad.csv").write_text("id,name\n7,Ada\nx,Bob\n1,2,3\n")
    page = open_page(width=width, dark=dark)
    page.goto("/admin/convert/")
    page.locator("[name=upload]").set_input_files(tmp_path / "good.csv")
    page.get_by_label("To", exact=True).select_option("ndjson")
    page.get_by_label("Its options").fill('{delimiter: ";"}')
    page.get_by_label("Transform", exact=True).fill(SPEC)
    with page.expect_download() as begun:
        page.get_by_role("button", name="Convert and download").click()
    assert begun.value.suggested_filename == "good.ndjson"
    assert Path(begun.value.path()).read_text() == '{"id":7}\n'
    page.locator("[name=upload]").set_input_files(tmp_path / "bad.csv")
    page.get_by_label("Its options").fill("")
    page.get_by_role("button", name="Convert and download").click()
    expect(page.get_by_text("bad rows, 2 of them")).to_be_visible()
    expect(page.get_by_text("Row 2:")).to_be_visible()
    page.screenshot(
        path=shots / f"convert-{width}-{'dark' if dark else 'light'}.png", full_page=True
    )
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0

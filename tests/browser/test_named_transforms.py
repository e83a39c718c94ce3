"""A transform written in the admin: broken, told why, mended, tried, published."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_screens import keep

pytestmark = pytest.mark.browser

SPEC = """slug: total
version: 1.0.0
spec: {rules: [{expr: %s, target: total}]}
examples:
  - {input: {lines: [{qty: 2, price: 3}]}, output: {total: %s}}
"""


def test_an_operator_writes_breaks_mends_and_publishes_a_transform(page: Page, tmp_path) -> None:
    page.goto("/admin/transformer/namedtransform/add/")
    page.fill("[name=document]", SPEC % ('"$sum(lines.(qty * price)"', 7))
    page.click("[name=_save]")
    expect(page.get_by_text("/spec/rules/0/expr")).to_be_visible()
    keep(page, tmp_path / "refused.png")
    page.fill("[name=document]", SPEC % ('"$sum(lines.(qty * price))"', 7))
    page.click("[name=_continue]")
    page.get_by_role("button", name="Run the examples").click()
    expect(page.get_by_text("/examples/0: Gave")).to_be_visible()
    keep(page, tmp_path / "tried.png")
    page.fill("[name=document]", SPEC % ('"$sum(lines.(qty * price))"', 6))
    page.click("[name=_continue]")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Publish: total@1.0.0")).to_be_visible()
    keep(page, tmp_path / "published.png")

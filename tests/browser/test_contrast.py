"""What is written can be read: the contrast that WCAG 2.2 AA asks for, in light and dark."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Opener
from tests.browser.pages import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

# Colours go through a canvas, which turns any notation into bytes and lays one over another.
_UNREADABLE = """
() => {
  const pen = Object.assign(document.createElement("canvas"), {width: 1, height: 1})
    .getContext("2d", {willReadFrequently: true});
  const layered = colours => {
    pen.fillStyle = "#fff"; pen.fillRect(0, 0, 1, 1);
    for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = bytes => bytes.map(byte => byte / 255)
    .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [.2126, .7152, .0722][at], 0);
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    const seen = {opacityProperty: true, visibilityProperty: true};
    if (!text || !element.checkVisibility(seen)) continue;
    if (element.closest("script, style, .material-symbols-outlined, [disabled]")) continue;
    const behind = [];
    for (let one = element; one; one = one.parentElement)
      behind.unshift(getComputedStyle(one).backgroundColor);
    const style = getComputedStyle(element);
    const [a, b] = [light(layered(behind)), light(layered([...behind, style.color]))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) found.add(`${ratio.toFixed(2)}: ${text.slice(0, 60)}`);
  }
  return [...found];
}
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_word_stands_out_from_what_is_behind_it(
    open_page: Opener, places: dict[str, str], dark: bool
) -> None:
    page = open_page(dark=dark)
    unreadable = {}
    for path in PAGES.values():
        page.goto(path.format(**places))
        assert ("dark" in (page.locator("html").get_attribute("class") or "")) == dark
        if found := page.evaluate(_UNREADABLE):
            unreadable[path] = found
    assert unreadable == {}

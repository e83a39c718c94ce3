"""axe-core, by which accessibility is judged: WCAG 2.2 A and AA, and its best practices.

Its script lies in the package axe-playwright-python; running it is one call.
"""

from __future__ import annotations

from importlib.resources import files

from playwright.sync_api import Page

SCRIPT = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_OPTIONS = {
    "runOnly": _TAGS,
    "rules": {"target-size": {"enabled": True}},  # off by default, though WCAG 2.2 AA asks for it
    "resultTypes": ["violations"],
}
_PLACE = {"exclude": [["#swagger-ui"]]}  # drawn by Swagger UI, whose colours are not ours


def findings(page: Page) -> list[str]:
    """One sentence for each part of the page that breaks a rule, whatever its weight."""
    page.evaluate(SCRIPT)
    found = page.evaluate("([place, options]) => axe.run(place, options)", [_PLACE, _OPTIONS])
    assert found["passes"], "axe looked at nothing"
    return [
        f"{rule['impact']} {rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]

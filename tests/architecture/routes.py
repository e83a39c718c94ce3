"""Every route of the service, from the URLconf: method, address, view."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("get", "post", "put", "patch", "delete")
SAMPLES = {
    "uuid": "01900000-0000-7000-8000-000000000000",
    "int": "7",
    "str": "absent",
    "slug": "absent",
    "path": "absent",
}
_PART = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass(frozen=True)
class Route:
    method: str
    pattern: str
    view: Callable[..., Any]

    @property
    def name(self) -> str:
        return self.method + " " + _PART.sub(r"{\2}", self.pattern)

    def address(self, **values: str) -> str:
        """The address with `values` put in, samples for the rest."""

        def fill(found: re.Match[str]) -> str:
            return values.get(found[2], SAMPLES[found[1] or "str"])

        return _PART.sub(fill, self.pattern)

    @property
    def view_class(self) -> Any:
        return getattr(self.view, "cls", None) or getattr(self.view, "view_class", None)

    @property
    def action(self) -> str | None:
        return (getattr(self.view, "actions", None) or {}).get(self.method.lower())


def all_routes() -> Iterator[Route]:
    """Every route but those of the admin, which Django guards itself."""
    for pattern, view in _patterns(get_resolver().url_patterns, "/"):
        if not pattern.startswith("/admin/"):
            yield from (Route(method, pattern, view) for method in _methods(view))


def admin_addresses() -> Iterator[str]:
    for pattern, _ in _patterns(get_resolver().url_patterns, "/"):
        if pattern.startswith("/admin/") and "(" not in pattern:
            yield _PART.sub(lambda found: SAMPLES[found[1] or "str"], pattern)


def _patterns(entries: list[Any], prefix: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    for entry in entries:
        here = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _patterns(entry.url_patterns, here)
        elif isinstance(entry, URLPattern):
            yield here, entry.callback


def _methods(view: Callable[..., Any]) -> list[str]:
    actions = getattr(view, "actions", None)
    if actions:
        return [method.upper() for method in actions if method in METHODS]
    found = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if found is None:
        return ["GET"]
    return [method.upper() for method in METHODS if hasattr(found, method)]

"""No page of the admin is left out of the walk that judges all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.urls import URLResolver, get_resolver

from tests.browser.pages import OUTSIDE, PAGES, routes_of

_ROW = "<path:object_id>/"
_DOES = "takes a POST and leads on"
_DATA = "answers data, no page"
NO_PAGE = {
    "admin/logout/": _DOES,
    "admin/registry/definition/<path:object_id>/do/<str:verb>/": _DOES,
    "admin/registry/instance/<path:object_id>/do/<str:verb>/": _DOES,
    "admin/transformer/namedtransform/<path:object_id>/do/<str:verb>/": _DOES,
    "admin/transforms/save/": "takes a POST and shows the editor",
    "admin/transforms/attempt/": _DATA,
    "admin/transforms/propose/": _DATA,
    "admin/autocomplete/": _DATA,
    "admin/jsi18n/": _DATA,
    "admin/home/": "the cards of the home page, fetched by it",
    "admin/search/": "unfold's search over models, which the menu does not offer",
    "admin/r/<path:content_type_id>/<path:object_id>/": "leads on",
    "admin/(?P<url>.*)$": "adds a slash and leads on",
}


def routes(resolver: Any = None, before: str = "") -> Iterator[str]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern).removeprefix("^")  # as resolve() does
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        else:
            yield route


def refused(request: Any) -> set[str]:
    """Pages of models that nobody may open, and those that lead on or look like another's."""
    found = set()
    for model, page in admin.site._registry.items():
        place = f"admin/{model._meta.app_label}/{model._meta.model_name}/"
        found |= {place + _ROW, place + _ROW + "history/"}
        if not page.has_add_permission(request):
            found.add(place + "add/")
        if not page.has_delete_permission(request):
            found.add(f"{place}{_ROW}delete/")
    return found


@pytest.fixture
def walked() -> set[str]:
    inside = {name: path for name, path in OUTSIDE.items() if path.startswith("/admin/")}
    return routes_of(PAGES | inside)


def test_every_page_of_the_admin_is_walked(rf: RequestFactory, walked: set[str]) -> None:
    request: Any = rf.get("/admin/")
    request.user = User(is_active=True, is_staff=True, is_superuser=True)
    all_of_them = {route for route in routes() if route.startswith("admin/")}
    left_out = all_of_them - walked - refused(request) - NO_PAGE.keys()
    assert left_out == set(), f"add to PAGES in tests/browser/pages.py: {sorted(left_out)}"
    assert any(route.endswith("/history/") for route in walked)


def test_what_is_walked_is_a_page(walked: set[str]) -> None:
    assert walked & NO_PAGE.keys() == set()
    assert NO_PAGE.keys() <= set(routes())

"""What the admin lets people do, read from its registry: nothing here is a list by hand."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import URLPattern

CRUD = ("add", "change", "delete")


def doings(superuser: User) -> Iterator[str]:
    """`app.model add`, `… action NAME`, `… verb NAME`, `… view NAME`, and `site NAME`."""
    request = RequestFactory().get("/")
    request.user = superuser
    for made in admin.site._registry.values():
        kind = made.opts.label_lower
        yield from (f"{kind} {name}" for name in _allowed(made, request))
        yield from (f"{kind} action {name}" for name in made.get_actions(request))
        yield from (f"{kind} verb {name}" for name in getattr(made, "verbs", ()))
        yield from (f"{kind} view {name}" for name in _own_views(made))
    yield from (f"site {name}" for name in _site_views())


def _allowed(made: admin.ModelAdmin, request: HttpRequest) -> Iterator[str]:
    for name in CRUD:
        if getattr(made, f"has_{name}_permission")(request):
            yield name


def _own_views(made: admin.ModelAdmin) -> Iterator[str]:
    """The addresses that Django's own ModelAdmin does not have, but for the verbs'."""
    usual = {pattern.name for pattern in admin.ModelAdmin.get_urls(made)}
    verbs = f"{made.opts.app_label}_{made.opts.model_name}_verb"
    yield from (p.name for p in made.get_urls() if p.name not in usual | {verbs})


def _site_views() -> Iterator[str]:
    for pattern in admin.site.get_urls():
        if isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name

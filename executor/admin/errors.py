"""The page of errors: what fails, how often, since when, where to begin."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from executor.insight import groups
from integration_hub.access.person import caller_with


@require_GET
def errors(request: HttpRequest) -> HttpResponse:
    """Of one instance or of all; a span that is not offered is a day."""
    caller = caller_with(request, "read")
    if not request.user.has_perm("executor.view_execution"):
        raise PermissionDenied
    asked = request.GET.get("window", "")
    window = asked if asked in groups.WINDOWS else "24h"
    instance = request.GET.get("instance", "")[:80].replace("\x00", "")
    found = groups.failures(caller, groups.WINDOWS[window], instance)
    context = {
        **admin.site.each_context(request),
        "title": "Errors",
        "groups": groups.shown(found.groups),
        "complete": found.complete,
        "looked_at": groups.LOOKED_AT,
        "instance": instance,
        "window": window,
        "windows": list(groups.WINDOWS),
    }
    return TemplateResponse(request, "admin/executor/errors.html", context)

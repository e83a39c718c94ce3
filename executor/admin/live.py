"""The page that shows events as they happen: the stream of the API, in a table."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """Whoever may read events; what they may not see, the stream does not tell them."""
    if not request.user.has_perm("events.view_event"):
        raise PermissionDenied
    context = {
        **admin.site.each_context(request),
        "title": "Live log",
        "stream": reverse("events-stream"),
    }
    return TemplateResponse(request, "admin/executor/live.html", context)

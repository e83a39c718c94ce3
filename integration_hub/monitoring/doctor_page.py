"""What `manage.py doctor` finds, as a page for superusers."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from integration_hub.monitoring import findings

_TONES = {"ok": "ok", "warn": "warn", "fail": "bad"}


@require_GET
def doctor(request: HttpRequest) -> HttpResponse:
    """Every look, what it found and what to do; made anew each time."""
    if not getattr(request.user, "is_superuser", False):
        raise PermissionDenied
    found = list(findings.examine())
    states = {item.state for item in found}
    worst = next((state for state in ("fail", "warn") if state in states), "ok")
    context = {
        **admin.site.each_context(request),
        "title": "Doctor",
        "worst": worst,
        "tone": _TONES[worst],
        "findings": [{**item.as_dict(), "tone": _TONES[item.state]} for item in found],
    }
    return TemplateResponse(request, "admin/monitoring/doctor.html", context)

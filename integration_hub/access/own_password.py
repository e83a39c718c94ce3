"""People change their own password in the admin: Django's page, and an audit row with it."""

from __future__ import annotations

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from integration_hub.access.audited_admin import record_change


@transaction.atomic
def own_password(request: HttpRequest) -> HttpResponse:
    """Django leads on only when the password was changed; else it shows the form again."""
    response = admin.site.password_change(request)
    if request.method == "POST" and response.status_code == 302:
        record_change(request, request.user, "changed", ["password"])
    return response

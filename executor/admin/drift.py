"""Where results left their schemas: what was found, and how often."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from executor.models import ResultDrift
from integration_hub.model_admin import ReadOnlyAdmin


@admin.register(ResultDrift)
class ResultDriftAdmin(ReadOnlyAdmin):
    list_display = ("method", "field", "code", "found", "count", "last_at", "definition_ref")
    list_display_links = None
    list_filter = ("code",)
    ordering = ("-last_at",)
    list_per_page = 50
    actions = None

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        return lookup == "instance_id" or bool(super().lookup_allowed(lookup, value, request))

"""The audit log in the admin: read, never written."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from integration_hub.audit.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("at", "actor", "action", "target_type", "target", "source")
    search_fields = ("actor", "action", "target", "request_id")
    ordering = ("-id",)
    show_full_result_count = False
    fields = (
        *("at", "actor", "source", "action", "target_type", "target"),
        *("detail", "request_id", "sequence", "chain"),
    )
    readonly_fields = fields
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

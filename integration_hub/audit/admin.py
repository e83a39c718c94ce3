"""The audit log in the admin: read, never written."""

from __future__ import annotations

import json

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integration_hub.audit.models import AuditEntry, AuditQuerySet
from integration_hub.lib import jsonsafe
from integration_hub.model_admin import ReadOnlyAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "who", "action", "target_type", "target", "source")
    search_fields = ("actor", "action", "target", "request_id")
    ordering = ("-id",)
    show_full_result_count = False
    fields = (
        *("at", "actor", "who", "source", "action", "target_type", "target"),
        *("document", "request_id", "sequence", "chain"),
    )
    readonly_fields = fields
    actions = None

    @admin.display(description="Who", ordering="actor")
    def who(self, entry: AuditEntry) -> str:
        """The name beside the key; one query a page, not one a row."""
        return entry.actor_name or entry.actor

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        rows: AuditQuerySet = super().get_queryset(request)
        return rows.with_actor_names()

    @admin.display(description="Detail")
    def document(self, entry: AuditEntry) -> SafeString:
        text = json.dumps(jsonsafe.loads(entry.detail), indent=2, ensure_ascii=False)
        return format_html('<pre class="hub-code" tabindex="0">{}</pre>', text)

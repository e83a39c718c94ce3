"""Definitions: edited as documents while drafts, read as tables ever after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integration_hub.access.person import actor_of
from registry import services
from registry.admin.comparison import comparison_of, hides_a_break
from registry.admin.definition_form import DefinitionForm
from registry.admin.import_pages import ImportPages
from registry.admin.readable import as_yaml, badge, methods_table, preformatted, used_by
from registry.building import spec_of_text
from registry.check import warnings_of
from registry.choices import DefinitionStatus
from registry.models import Definition

_STATUS_COLOURS = {
    DefinitionStatus.DRAFT: "info",
    DefinitionStatus.PUBLISHED: "success",
    DefinitionStatus.DEPRECATED: "warning",
    DefinitionStatus.ARCHIVED: "danger",
}
_NEXT = {
    DefinitionStatus.DRAFT: ["publish"],
    DefinitionStatus.PUBLISHED: ["move", "back", "deprecate", "archive"],
    DefinitionStatus.DEPRECATED: ["move", "back", "archive"],
    DefinitionStatus.ARCHIVED: [],
}
_LONGEST_REASON = 500
_MOST_REFUSALS = 20
_FACTS = (
    *("name", "description", "slug", "version", "type", "status_badge", "users"),
    *("created_at", "updated_at", "published_at"),
)


@admin.register(Definition)
class DefinitionAdmin(ImportPages):
    list_before_template = "registry/definition_list_top.html"
    change_form_outer_before_template = "registry/definition_top.html"
    form = DefinitionForm
    list_display = ("slug", "version", "name", "type", "status_badge", "updated_at")
    list_filter = ("status", "type")
    search_fields = ("search_text",)
    ordering = ("slug", "-id")
    show_full_result_count = False
    actions = ("publish", "deprecate", "archive")
    verbs = {
        "publish": (
            "Publish",
            lambda row, actor: services.publish_definition(definition=row, actor=actor),
        ),
        "move": (
            "Move all instances to this version",
            lambda row, actor: services.move_instances(definition=row, actor=actor),
        ),
        "back": (
            "Take all instances back",
            lambda row, actor: services.roll_back_instances(definition=row, actor=actor),
        ),
        "deprecate": (
            "Deprecate",
            lambda row, actor: services.deprecate_definition(definition=row, actor=actor),
        ),
        "archive": (
            "Archive",
            lambda row, actor: services.archive_definition(definition=row, actor=actor),
        ),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Definition]:
        rows: QuerySet[Definition] = super().get_queryset(request)
        changing = request.resolver_match and request.resolver_match.kwargs.get("object_id")
        return rows if changing else rows.defer("document", "resolved", "search_text")

    def offered(self, row: Definition) -> list[str]:
        return _NEXT[DefinitionStatus(row.status)]

    def asked(self, row: Any, verb: str) -> str:
        return "Reason" if verb == "publish" and hides_a_break(row) else ""

    def call(self, request: HttpRequest, row: Any, verb: str) -> None:
        reason = request.POST.get("reason", "")[:_LONGEST_REASON]
        if verb == "publish":
            services.publish_definition(definition=row, actor=actor_of(request), reason=reason)
        elif verb == "move":
            self._moved(request, services.move_instances(definition=row, actor=actor_of(request)))
        elif verb == "back":
            found = services.roll_back_instances(definition=row, actor=actor_of(request))
            self._moved(request, found)
        else:
            super().call(request, row, verb)

    def _moved(self, request: HttpRequest, found: services.Moved) -> None:
        left = "; there are more, repeat it" if found.more else ""
        self.message_user(request, f"{len(found.moved)} instances moved{left}.")
        for slug, reason in found.refused[:_MOST_REFUSALS]:
            self.message_user(request, f"{slug} stays: {reason}", messages.WARNING)

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        buttons = super().page_context(request, row)
        buttons |= {"lint": warnings_of(spec_of_text(row.effective))}
        buttons |= {"comparison": comparison_of(row, request.GET.get("against", ""))}
        buttons |= self.import_context(request, row)
        saves = ("show_save", "show_save_and_continue", "show_save_and_add_another")
        return buttons if self._editable(request, row) else buttons | dict.fromkeys(saves, False)

    def get_fieldsets(self, request: HttpRequest, obj: Definition | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ("document", "upload")})]
        editable = self._editable(request, obj)
        document = ("document", "upload") if editable else ("document_text",)
        return [
            (None, {"fields": _FACTS}),
            ("Methods", {"fields": ("methods",)}),
            ("Document", {"fields": document}),
        ]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Definition | None = None
    ) -> Sequence[str]:
        return (*_FACTS, "methods", "document_text") if obj is not None else ()

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is not None and not self._editable(request, obj):
            kwargs |= {"form": forms.ModelForm, "fields": ()}
        return super().get_form(request, obj, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only drafts go; what was published is archived."""
        draft = obj is None or obj.status == DefinitionStatus.DRAFT
        return draft and bool(super().has_delete_permission(request, obj))

    def get_actions(self, request: HttpRequest) -> Any:
        """No deletion of many: some may have been published."""
        return {k: v for k, v in super().get_actions(request).items() if k != "delete_selected"}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        document = getattr(form, "given", None)
        if document is None:
            return  # a published version: nothing on its page can be changed
        if change:
            services.update_definition(definition=obj, document=document, actor=actor_of(request))
        else:
            made = services.create_definition(document=document, actor=actor_of(request))
            obj.pk = made.pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        services.delete_definition(definition=obj, actor=actor_of(request))

    @admin.display(description="Status", ordering="status")
    def status_badge(self, row: Definition) -> SafeString:
        return badge(row.status, row.get_status_display(), _STATUS_COLOURS)

    @admin.display(description="Used by")
    def users(self, row: Definition) -> str:
        return used_by(row)

    @admin.display(description="")
    def methods(self, row: Definition) -> SafeString:
        return methods_table(row)

    @admin.display(description="")
    def document_text(self, row: Definition) -> SafeString:
        text = preformatted(as_yaml(row.document))
        return format_html('<div class="hub-unlabelled">{}</div>', text)

    @admin.action(description="Publish the selected drafts", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Definition]) -> None:
        self._each(request, queryset, "publish")

    @admin.action(description="Deprecate the selected versions", permissions=["change"])
    def deprecate(self, request: HttpRequest, queryset: QuerySet[Definition]) -> None:
        self._each(request, queryset, "deprecate")

    @admin.action(description="Archive the selected versions", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Definition]) -> None:
        self._each(request, queryset, "archive")

    def _each(self, request: HttpRequest, queryset: QuerySet[Definition], verb: str) -> None:
        for row in queryset:
            self.do(request, row, verb)

    def _editable(self, request: HttpRequest, row: Definition) -> bool:
        """A draft; and whatever somebody sends a document for, who is then told why not."""
        may = bool(self.has_change_permission(request, row))
        return may and (row.status == DefinitionStatus.DRAFT or "document" in request.POST)

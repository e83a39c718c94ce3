"""Tokens in the admin: made and shown once, listed, revoked; people and groups beside them."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from unfold.utils import display_for_label

from integration_hub.access import home_changes, services
from integration_hub.access.forms import TokenForm
from integration_hub.access.home import home_cards
from integration_hub.access.models import Token
from integration_hub.access.people_admin import GroupAdmin, UserAdmin
from integration_hub.access.person import actor_of
from integration_hub.lib import clock
from integration_hub.model_admin import HubAdmin

__all__ = ["GroupAdmin", "TokenAdmin", "UserAdmin"]

home_cards.add("changes", home_changes.cards)

_COLOURS = {"active": "success", "expired": "warning", "revoked": "danger"}


@admin.register(Token)
class TokenAdmin(HubAdmin):
    list_display = ("name", "shown", "rights", "limits", "state", "last_used_at", "created_by")
    search_fields = ("name", "prefix")
    ordering = ("-id",)
    actions = ("revoke",)
    fields = (
        *("name", "shown", "rights", "limits", "state"),
        *("expires_at", "revoked_at", "last_used_at", "created_at", "created_by"),
    )
    readonly_fields = fields

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False  # a token is made and revoked, never edited

    def has_delete_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False  # a revoked one stays, so that the log can be read

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_change_permission(request))

    @admin.display(description="Token")
    def shown(self, token: Token) -> str:
        return f"{token.prefix}…"

    @admin.display(description="Scopes")
    def rights(self, token: Token) -> str:
        return ", ".join(token.scopes)

    @admin.display(description="Limited to")
    def limits(self, token: Token) -> str:
        return ", ".join([*token.instances, *token.contexts]) or "nothing"

    @admin.display(description="State")
    def state(self, token: Token) -> SafeString:
        return _badge(_state_of(token))

    @admin.action(description="Revoke the selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        actor = actor_of(request)
        ended = sum(services.revoke_token(token=token, actor=actor) for token in queryset)
        self.message_user(request, f"Revoked: {ended}. They stop working at once, everywhere.")

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Its own small page: a new token is answered with its text, never redirected."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = TokenForm(request.POST or None)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "form": form}
        if request.method == "POST" and form.is_valid():
            token, raw = services.create_token(**form.cleaned_data, actor=actor_of(request))
            shown = {**context, "title": "The new token", "token": token, "raw": raw}
            shown["webhook_secret"] = services.webhook_secret_of(token)
            return TemplateResponse(request, "admin/access/token/created.html", shown)
        return TemplateResponse(
            request, "admin/access/token/add.html", {**context, "title": "Add token"}
        )


def _state_of(token: Token) -> str:
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at is not None and token.expires_at <= clock.now():
        return "expired"
    return "active"


def _badge(state: str) -> SafeString:
    shown: SafeString = display_for_label(state, "", _COLOURS)
    return shown

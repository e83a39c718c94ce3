"""Instances: their members, their schema beside them, their state and health."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from integration_hub.access.home import home_cards
from integration_hub.access.person import actor_of
from integration_hub.lib import jsonsafe
from registry import services
from registry.admin import home
from registry.admin.instance_form import InstanceForm
from registry.admin.readable import badge, schemas_table
from registry.admin.verbs import VerbAdmin
from registry.building import spec_of_text
from registry.choices import Health, InstanceState
from registry.config import config_schemas
from registry.instance_links import links_of
from registry.instance_warnings import warnings_about
from registry.models import Instance
from registry.tls import is_verified

home_cards.add("integrations", home.cards)

_STATE_COLOURS = {
    InstanceState.PENDING_CONFIGURATION: "warning",
    InstanceState.PENDING_AUTHENTICATION: "warning",
    InstanceState.DISCONNECTED: "info",
    InstanceState.CONNECTED: "success",
    InstanceState.AUTH_ERROR: "danger",
    InstanceState.CONFIG_ERROR: "danger",
}
_HEALTH_COLOURS = {
    Health.UNKNOWN: "info",
    Health.HEALTHY: "success",
    Health.DEGRADED: "warning",
    Health.UNHEALTHY: "danger",
}
_UNVERIFIED = (
    "TLS certificates are not verified for this instance: whoever can stand between it and the "
    "hub can read and change every call. Take overrides.tls.verify out, and trust the system's own "
    "authority under overrides.tls.authorities."
)
_FACTS = ("state_badge", "state_reason", "state_since", "health_badge", "health_reason")


@admin.register(Instance)
class InstanceAdmin(VerbAdmin):
    form = InstanceForm
    list_display = (
        *("slug", "name", "definition_ref", "context", "enabled"),
        *("state_badge", "health_badge", "updated_at"),
    )
    list_filter = ("state", "health", "enabled", "context_type", "definition__type")
    list_select_related = ("definition",)
    search_fields = ("slug", "name", "definition__slug", "context_id")
    ordering = ("slug",)
    show_full_result_count = False
    actions = ("enable", "disable", "roll_back")
    verbs = {
        "enable": (
            "Enable",
            lambda row, actor: services.enable_instance(instance=row, actor=actor),
        ),
        "disable": (
            "Disable",
            lambda row, actor: services.disable_instance(instance=row, actor=actor),
        ),
        "roll_back": (
            "Back to the version before",
            lambda row, actor: services.roll_back_instance(instance=row, actor=actor),
        ),
    }

    def offered(self, row: Instance) -> list[str]:
        back = ["roll_back"] if row.previous_version else []
        return [*(["disable"] if row.enabled else ["enable"]), *back]

    def label(self, row: Any, verb: str) -> str:
        return f"Back to {row.previous_version}" if verb == "roll_back" else self.verbs[verb][0]

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        unverified = not is_verified(jsonsafe.loads(row.overrides))
        return super().page_context(request, row) | {
            "instance_links": links_of(request, row),
            "page_warnings": [
                *([_UNVERIFIED] if unverified else []),
                *warnings_about(spec_of_text(row.definition.effective)),
            ],
        }

    def get_fieldsets(self, request: HttpRequest, obj: Instance | None = None) -> Any:
        names = ("definition", "slug", "name", "context_type", "context_id")
        if obj is None:
            return [
                (None, {"fields": names}),
                ("Config", {"fields": ("config",)}),
                ("More", {"fields": ("labels", "overrides")}),
            ]
        return [
            (None, {"fields": (*names[1:], "definition_ref", "enabled")}),
            ("State", {"fields": _FACTS}),
            ("Config", {"fields": ("config", "config_schema")}),
            ("More", {"fields": ("labels", "overrides", "created_at", "updated_at")}),
        ]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Instance | None = None
    ) -> Sequence[str]:
        if obj is None:
            return ()
        shown = ("slug", "definition_ref", "enabled", "config_schema", "created_at", "updated_at")
        return (*shown, *_FACTS)

    def get_exclude(self, request: HttpRequest, obj: Instance | None = None) -> Any:
        return ("definition", "slug") if obj is not None else None

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        if obj is not None:
            # The version moves by an upgrade alone, so this form does not ask for it.
            form.base_fields.pop("definition", None)
        return form

    def get_actions(self, request: HttpRequest) -> Any:
        """Deletion one by one: each may be refused for its own reason."""
        return {k: v for k, v in super().get_actions(request).items() if k != "delete_selected"}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        actor = actor_of(request)
        superuser = bool(getattr(request.user, "is_superuser", False))
        if change:
            services.update_instance(
                instance=obj, changes=form.members, actor=actor, superuser=superuser
            )
        else:
            made = services.create_instance(**form.members, actor=actor, superuser=superuser)
            obj.pk = made.pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        services.delete_instance(instance=obj, actor=actor_of(request))

    @admin.display(description="State", ordering="state")
    def state_badge(self, row: Instance) -> SafeString:
        return badge(row.state, row.get_state_display(), _STATE_COLOURS)

    @admin.display(description="Health", ordering="health")
    def health_badge(self, row: Instance) -> SafeString:
        return badge(row.health, row.get_health_display(), _HEALTH_COLOURS)

    @admin.display(description="Definition", ordering="definition__slug")
    def definition_ref(self, row: Instance) -> str:
        return row.definition.ref

    @admin.display(description="Serves", ordering="context_type")
    def context(self, row: Instance) -> str:
        return f"{row.context_type} {row.context_id}".strip()

    @admin.display(description="What it takes")
    def config_schema(self, row: Instance) -> SafeString:
        return schemas_table(list(config_schemas(spec_of_text(row.definition.effective))))

    @admin.action(description="Enable the selected instances", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Instance]) -> None:
        for row in queryset:
            self.do(request, row, "enable")

    @admin.action(description="Disable the selected instances", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Instance]) -> None:
        for row in queryset:
            self.do(request, row, "disable")

    @admin.action(description="Take back to the version before", permissions=["change"])
    def roll_back(self, request: HttpRequest, queryset: QuerySet[Instance]) -> None:
        for row in queryset:
            self.do(request, row, "roll_back")

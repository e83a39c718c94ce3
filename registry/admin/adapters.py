"""The operator's switches of adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from integration_hub.access.person import actor_of
from integration_hub.model_admin import HubAdmin
from registry import adapter_manager, services
from registry.adapter import adapters
from registry.models import AdapterSwitch, Definition

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[AdapterSwitch]
else:
    _ModelForm = forms.ModelForm


class SwitchForm(_ModelForm):
    class Meta:
        model = AdapterSwitch
        fields = ("type", "enabled", "reason")
        help_texts = {
            "enabled": "Off: no instance of this adapter is called.",
            "reason": "Shown to whoever is refused.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "type" in self.fields:
            names = [(name, name) for name in adapters.names()]
            self.fields["type"] = forms.ChoiceField(choices=names, widget=UnfoldAdminSelectWidget)


@admin.register(AdapterSwitch)
class AdapterSwitchAdmin(HubAdmin):
    """Every adapter with its state; below, those that somebody switched."""

    list_before_template = "registry/adapter_list_top.html"
    form = SwitchForm
    list_display = ("type", "enabled", "reason", "changed_at", "changed_by")
    actions = None

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {**(extra_context or {}), "known": _known()})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("type",) if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # switching on again says the same, and is audited

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        services.switch_adapter(
            type=obj.type, enabled=obj.enabled, reason=obj.reason, actor=actor_of(request)
        )
        obj.refresh_from_db()


def _known() -> list[dict[str, Any]]:
    """Every adapter, and how many definitions are made for it."""
    rows = Definition.objects.order_by().values_list("type").annotate(Count("pk"))
    counts = dict(rows)
    return [
        {"status": status, "definitions": counts.get(status.type, 0)}
        for status in adapter_manager.list_adapters()
    ]

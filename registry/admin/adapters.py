"""The operator's switches of adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from registry import services
from registry.adapter import adapters
from registry.admin.verbs import actor_of
from registry.models import AdapterSwitch

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
class AdapterSwitchAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """An adapter without a row is on."""

    form = SwitchForm
    list_display = ("type", "enabled", "reason", "changed_at", "changed_by")
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("type",) if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # switching on again says the same, and is audited

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        services.switch_adapter(
            type=obj.type, enabled=obj.enabled, reason=obj.reason, actor=actor_of(request)
        )
        obj.refresh_from_db()

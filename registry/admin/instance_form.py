"""An instance in the admin: the members of the REST body, each judged the same way."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from integration_hub.api.stale_form import StaleForm
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault, HubError, ValidationFailed
from registry.admin.readable import as_json
from registry.building import spec_of_text
from registry.choices import EXECUTABLE_DEFINITIONS, ContextType
from registry.config import check_target, config_faults, filled
from registry.instance_input import CHANGE, CREATE, check_body
from registry.models import Definition, Instance

_JSON = ("config", "labels", "overrides")
_FIELD_OF = {"context": "context_id"}


def _json_field(help_text: str, rows: int) -> forms.CharField:
    return forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": rows, "spellcheck": "false"}),
        help_text=help_text,
    )


class InstanceForm(StaleForm):
    """`members` is what the service takes."""

    definition = forms.ModelChoiceField(
        queryset=Definition.objects.filter(status__in=EXECUTABLE_DEFINITIONS)
        .defer("document")
        .order_by("slug", "-id"),
        widget=UnfoldAdminSelectWidget,
    )
    context_type = forms.ChoiceField(
        choices=ContextType.choices, initial=ContextType.GLOBAL, widget=UnfoldAdminSelectWidget
    )
    context_id = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Which client or user it serves; empty for a global one.",
    )
    config = _json_field("JSON; what is left out gets its default.", 10)
    labels = _json_field('JSON: {"team": "sales"}', 3)
    overrides = _json_field(
        "JSON: rate_limit, retry, circuit_breaker, transient, timeout_ms; each wins over the "
        "definition. tls: {authorities: PEM text, verify}.",
        4,
    )
    members: dict[str, Any]

    class Meta:
        model = Instance
        fields = (
            "definition",
            "slug",
            "name",
            "config",
            "context_type",
            "context_id",
            "labels",
            "overrides",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _JSON:
            stored = getattr(self.instance, name)
            self.initial[name] = as_json(jsonsafe.loads(stored or "{}"))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        members = self._members(data)
        if self.errors:
            return data
        try:
            self.members = self._judged(members)
        except HubError as error:
            self._show(error.errors or (Fault("/config", error.detail),))
        for name in _JSON:
            data[name] = getattr(self.instance, name)  # the service writes the columns
        return data

    def _members(self, data: dict[str, Any]) -> dict[str, Any]:
        members: dict[str, Any] = {"name": data.get("name")}
        kind, name = data.get("context_type"), data.get("context_id")
        members["context"] = {"type": kind, **({"id": name} if name else {})}
        for field in _JSON:
            try:
                members[field] = jsonsafe.loads(data.get(field) or "{}")
            except jsonsafe.JSONFault as fault:
                self.add_error(field, f"Not acceptable JSON: {fault}.")
        return members

    def _judged(self, members: dict[str, Any]) -> dict[str, Any]:
        if self.instance._state.adding:
            chosen = self.cleaned_data["definition"]
            whole = members | {"definition": chosen.ref, "slug": self.cleaned_data["slug"]}
            check_body(whole, CREATE)
        else:
            chosen, whole = self.instance.definition, members
            check_body(whole, CHANGE)
        spec = spec_of_text(chosen.effective)
        config = filled(spec, members["config"])
        faults = config_faults(spec, config)
        if faults:
            raise ValidationFailed("The config does not fit its schema.", errors=faults)
        check_target(config)
        return whole

    def _show(self, faults: tuple[Fault, ...]) -> None:
        for fault in faults:
            first = fault.pointer.split("/")[1] if fault.pointer else ""
            field = _FIELD_OF.get(first, first)
            self.add_error(
                field if field in self.fields else None,
                f"{fault.pointer or 'document'}: {fault.detail}",
            )

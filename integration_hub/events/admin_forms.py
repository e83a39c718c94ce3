"""A sink in the admin: a form made of the fields of its type, judged as over REST."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import escape
from unfold.widgets import (
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
    UnfoldBooleanWidget,
)

from integration_hub.api.stale_form import StaleForm
from integration_hub.events import sink_services
from integration_hub.events.models import EventSink
from integration_hub.events.sink import Sink
from integration_hub.events.sink_config import public_config
from integration_hub.field_forms import JSONText, input_of
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault, TargetForbidden, ValidationFailed
from integration_hub.lib.fields import Field
from integration_hub.lib.redact import MASK
from integration_hub.sealing.keyring import CannotOpen

PREFIX, REMOVE = "config_", "remove_"
_PLACES = ("url", "host")  # what a place that is never called stands in
_NOTHING: tuple[Any, ...] = (None, "", [], {})


class SinkForm(StaleForm):
    """`document` is what the service takes. A secret that is left empty stays what it is."""

    plugin: Sink
    name = forms.CharField(max_length=sink_services.MAX_NAME, widget=UnfoldAdminTextInputWidget)
    enabled = forms.BooleanField(
        required=False, initial=True, widget=UnfoldBooleanSwitchWidget(attrs={"id": "id_enabled"})
    )
    filters = JSONText(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5, "spellcheck": "false"}),
        help_text='JSON: {"types": ["integration.method.*"], "subjects": [], "labels": {}}. '
        "Empty: it hears everything.",
    )

    class Meta:
        model = EventSink
        fields = ("name", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stored: dict[str, Any] = {}
        if not self.instance._state.adding:
            self._stored = public_config(self.instance)
            self.initial["filters"] = jsonsafe.loads(self.instance.filters)
        for field in self.plugin.fields:
            self._add(field)
            if field.secret:
                self.unshown |= {PREFIX + field.name, REMOVE + field.name}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors:
            self.document = {
                "name": cleaned["name"],
                "type": self.plugin.type,
                "enabled": cleaned["enabled"],
                "config": self._config(cleaned),
                "filters": {} if cleaned["filters"] is None else cleaned["filters"],
            }
            self._judge()
        for field in self.plugin.fields:
            if self.errors and field.secret and self.data.get(self.add_prefix(PREFIX + field.name)):
                self.add_error(PREFIX + field.name, "Enter it again: a page shows no secret.")
        return cleaned

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if EventSink.objects.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("A sink of this name already exists.")
        return name

    def _add(self, field: Field) -> None:
        """Its input and, for a stored secret that need not be there, the box that removes it."""
        kept = field.secret and field.name in self._stored
        told = f"{field.help} Stored; empty: unchanged.".strip() if kept else field.help
        needed = field.required and not kept
        found = input_of(field, required=needed, help_text=escape(told), write_only=False)
        found.disabled = field.made
        found.initial = None if field.secret else self._stored.get(field.name, field.default)
        if kept:
            found.widget.attrs["placeholder"] = MASK
        self.fields[PREFIX + field.name] = found
        if kept and not field.required:
            label = f"Remove: {field.title}"
            self.fields[REMOVE + field.name] = forms.BooleanField(
                label=label, required=False, widget=UnfoldBooleanWidget
            )

    def _config(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in self.plugin.fields:
            value = cleaned.get(PREFIX + field.name)
            stays = field.secret and field.name in self._stored
            if value in _NOTHING and stays and not cleaned.get(REMOVE + field.name):
                value = MASK
            if value not in _NOTHING:
                found[field.name] = value
        return found

    def _judge(self) -> None:
        try:
            sink_services.checked_config(self.instance, self.document)
        except ValidationFailed as failed:
            for fault in failed.errors:
                self._show(fault)
        except TargetForbidden as forbidden:
            places = [PREFIX + name for name in _PLACES if PREFIX + name in self.fields]
            self.add_error(next(iter(places), None), forbidden.detail)
        except CannotOpen:
            self.add_error(
                None,
                "The stored secrets cannot be read with the FERNET_KEYS in force: bring the key "
                "back, or enter each secret anew.",
            )

    def _show(self, fault: Fault) -> None:
        """Beside its field; what has none, above them."""
        first, _, rest = fault.pointer.removeprefix("/").partition("/")
        name, _, inner = rest.partition("/")
        field, inner = (PREFIX + name, inner) if first == "config" else (first, rest)
        if field in self.fields:
            self.add_error(field, f"/{inner}: {fault.detail}" if inner else fault.detail)
        else:
            self.add_error(None, f"{fault.pointer}: {fault.detail}")

    def _post_clean(self) -> None:
        """The service fills and saves the row, not the form."""


def names_of(plugin: Sink, stored: dict[str, Any]) -> list[str]:
    """The inputs of its config, in the order of its fields."""
    found: list[str] = []
    for field in plugin.fields:
        found.append(PREFIX + field.name)
        if field.secret and field.name in stored and not field.required:
            found.append(REMOVE + field.name)
    return found


def form_for(plugin: Sink) -> type[SinkForm]:
    return type("SinkForm", (SinkForm,), {"plugin": plugin, "__module__": __name__})

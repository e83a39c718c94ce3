"""A sink in the admin: the members of the REST body, judged the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from integration_hub.events.models import EventSink
from integration_hub.events.sink import sinks
from integration_hub.events.sink_config import public_config
from integration_hub.events.sink_services import sink_faults
from integration_hub.lib import jsonsafe

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[EventSink]
else:
    _ModelForm = forms.ModelForm

_JSON = ("config", "filters")


def _types() -> list[tuple[str, str]]:
    return [(name, plugin.title) for name, plugin in sinks]


def _json_field(help_text: str) -> forms.CharField:
    return forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5, "spellcheck": "false"}),
        help_text=help_text,
    )


class SinkForm(_ModelForm):
    """`document` is what the service takes. A secret is shown as ***, which keeps it."""

    name = forms.CharField(max_length=120, widget=UnfoldAdminTextInputWidget)
    type = forms.ChoiceField(choices=_types, widget=UnfoldAdminSelectWidget)
    config = _json_field("JSON, as the type needs it; *** keeps a secret as it is.")
    filters = _json_field('JSON: {"types": ["integration.method.*"], "subjects": []}')

    class Meta:
        model = EventSink
        fields = ("name", "type", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance
        if not row._state.adding:
            config = public_config(row)
            self.initial["config"] = jsonsafe.dumps_text(config)
            self.initial["filters"] = row.filters

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.document: dict[str, Any] = {
            name: cleaned[name] for name in ("name", "type", "enabled") if name in cleaned
        }
        for name in _JSON:
            self._read(name, cleaned.get(name) or "{}")
        if not self.errors:
            for fault in sink_faults(self.document):
                field = fault.pointer.split("/")[1] if "/" in fault.pointer else ""
                place = f"{fault.pointer}: " if fault.pointer.count("/") > 1 else ""
                self.add_error(field if field in self.fields else None, place + fault.detail)
        return cleaned

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if EventSink.objects.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("A sink of this name already exists.")
        return name

    def _read(self, name: str, text: str) -> None:
        try:
            self.document[name] = jsonsafe.loads(text)
        except jsonsafe.JSONFault as fault:
            self.add_error(name, str(fault))

    def _post_clean(self) -> None:
        """The service fills and saves the row, not the form."""

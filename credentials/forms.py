"""The admin's form for a credential: made from the scheme's fields, write-only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import escape
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from credentials.scheme import AuthScheme
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field
from integration_hub.lib.redact import MASK

PREFIX = "data_"


class WriteOnlyTextarea(UnfoldAdminTextareaWidget):  # type: ignore[misc]  # unfold has no types
    """For long secrets: like a password input, it never gives back what was typed."""

    def format_value(self, value: Any) -> None:
        return None


class CredentialForm(forms.Form):
    """With `stored`, a field that is left empty keeps what it has."""

    expires_at = forms.SplitDateTimeField(
        required=False, widget=UnfoldAdminSplitDateTimeWidget, help_text="Empty: never."
    )

    def __init__(self, scheme: AuthScheme, *args: Any, stored: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._scheme, self._stored = scheme, stored
        own = {PREFIX + field.name: _form_field(field, stored=stored) for field in scheme.fields}
        self.fields = own | self.fields

    def data_to_store(self) -> dict[str, Any]:
        """What the service takes: `***` for what is to stay."""
        given = {
            field.name: self.cleaned_data[PREFIX + field.name] for field in self._scheme.fields
        }
        if self._stored:
            return {name: MASK if value in (None, "") else value for name, value in given.items()}
        needed = {field.name for field in self._scheme.fields if field.required}
        return {name: v for name, v in given.items() if name in needed or v not in (None, "")}

    def show(self, faults: tuple[Fault, ...], detail: str) -> None:
        """Each fault at its field, what has none above them."""
        for fault in faults or (Fault("", detail),):
            *_, name = fault.pointer.split("/")
            own = PREFIX + name
            place = own if own in self.fields else name if name in self.fields else None
            self.add_error(place, fault.detail)


def _form_field(field: Field, *, stored: bool) -> forms.Field:
    needed = field.required and not stored and field.schema.get("minLength", 1) > 0
    options: dict[str, Any] = {
        "label": field.title,
        "required": needed,
        # Pages print a help text as HTML, a scheme's is plain words.
        "help_text": escape(f"{field.help} Empty: unchanged.".strip() if stored else field.help),
    }
    if field.kind == "integer":
        return forms.IntegerField(widget=UnfoldAdminTextInputWidget, **options)
    if field.kind == "boolean":
        return forms.BooleanField(**options | {"required": False})
    if field.kind == "object":
        return forms.JSONField(widget=WriteOnlyTextarea, **options)
    return forms.CharField(strip=False, widget=_text_widget(field), **options)


def _text_widget(field: Field) -> forms.Widget:
    attrs = {"autocomplete": "new-password" if field.secret else "off", "spellcheck": "false"}
    if field.kind == "text":
        return WriteOnlyTextarea(attrs=attrs)
    widget = UnfoldAdminPasswordWidget if field.secret else UnfoldAdminTextInputWidget
    return widget(attrs=attrs)  # type: ignore[no-any-return]

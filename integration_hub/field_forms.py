"""Inputs of the admin made of what a plug-in declares (`lib.fields`), so that no form is written
by hand. A secret never comes back to a page, neither a stored one nor one that was just typed.
"""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from integration_hub.lib import jsonsafe
from integration_hub.lib.fields import Field

NOT_SAID = ("", "—")


class WriteOnlyTextarea(UnfoldAdminTextareaWidget):  # type: ignore[misc]  # unfold has no types
    """For long secrets: like a password input, it never gives back what was typed."""

    def format_value(self, value: Any) -> None:
        return None


class JSONText(forms.JSONField):
    """JSON as the API takes it: duplicate names and the like are faults, with their line."""

    def to_python(self, value: Any) -> Any:
        if self.disabled or not isinstance(value, str):
            return super().to_python(value)
        if not value.strip():
            return None
        try:
            return jsonsafe.loads(value)
        except jsonsafe.JSONFault as fault:
            raise forms.ValidationError(f"This is no acceptable JSON: {fault}.") from None


class Lines(forms.CharField):
    """A list of texts, one a line."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]


def input_of(field: Field, *, required: bool, help_text: str, write_only: bool) -> forms.Field:
    """The input for one declared field. `help_text` is HTML.

    With `write_only` a long text is not given back either; a secret never is.
    """
    options: dict[str, Any] = {"label": field.title, "required": required, "help_text": help_text}
    write_only = write_only or field.secret
    if "enum" in field.schema:
        known = [(str(value), str(value)) for value in field.schema["enum"]]
        return forms.ChoiceField(
            choices=[NOT_SAID, *known], widget=UnfoldAdminSelectWidget, **options
        )
    if field.kind == "integer":
        least, most = field.schema.get("minimum"), field.schema.get("maximum")
        widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"})
        return forms.IntegerField(min_value=least, max_value=most, widget=widget, **options)
    if field.kind == "boolean":
        return forms.BooleanField(widget=UnfoldBooleanWidget, **options | {"required": False})
    if field.kind == "object" and field.schema.get("type") == "array" and not write_only:
        return Lines(widget=_area(write_only=False, secret=False), **options)
    if field.kind == "object":
        return JSONText(widget=_area(write_only=write_only, secret=field.secret), **options)
    return forms.CharField(strip=False, widget=_text(field, write_only), **options)


def _text(field: Field, write_only: bool) -> forms.Widget:
    if field.kind == "text":
        return _area(write_only=write_only, secret=field.secret)
    kind = UnfoldAdminPasswordWidget if field.secret else UnfoldAdminTextInputWidget
    widget: forms.Widget = kind(attrs=_attributes(secret=field.secret))
    return widget


def _area(*, write_only: bool, secret: bool) -> forms.Widget:
    kind = WriteOnlyTextarea if write_only else UnfoldAdminTextareaWidget
    widget: forms.Widget = kind(attrs={**_attributes(secret=secret), "rows": 5})
    return widget


def _attributes(*, secret: bool) -> dict[str, str]:
    return {"autocomplete": "new-password" if secret else "off", "spellcheck": "false"}

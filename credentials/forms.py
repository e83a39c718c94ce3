"""The admin's form for a credential: made from the scheme's fields, write-only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import escape
from unfold.widgets import (
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from credentials.references import MAX_LENGTH
from credentials.rotation import DEFAULT_GRACE_SECONDS, MAX_GRACE_SECONDS
from credentials.scheme import AuthScheme
from integration_hub.field_forms import input_of
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field
from integration_hub.lib.redact import MASK

PREFIX = "data_"
REFERENCE = "ref_"
_NOTHING = (None, "", False)


class CredentialForm(forms.Form):
    """With `stored`, a field that is left empty keeps what it has.

    Beside each value stands a reference, which may be given instead of it.
    """

    expires_at = forms.SplitDateTimeField(
        required=False, widget=UnfoldAdminSplitDateTimeWidget, help_text="Empty: never."
    )

    def __init__(self, scheme: AuthScheme, *args: Any, stored: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._scheme, self._stored = scheme, stored
        own = {PREFIX + field.name: self._value_field(field) for field in scheme.fields}
        references = {REFERENCE + field.name: _reference_field(field) for field in scheme.fields}
        self.fields = own | self.fields | references

    def values(self) -> list[forms.BoundField]:
        """Everything but the references, for a page that shows those apart."""
        return [self[name] for name in self.fields if not name.startswith(REFERENCE)]

    def references(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(REFERENCE)]

    def has_references(self) -> bool:
        """Whether one was entered, so that it is to be seen."""
        return any(self.data.get(name) for name in self.fields if name.startswith(REFERENCE))

    def clean(self) -> None:
        for field in self._scheme.fields:
            value = self.cleaned_data.get(PREFIX + field.name)
            if value not in _NOTHING and self.cleaned_data.get(REFERENCE + field.name):
                self.add_error(REFERENCE + field.name, "The value or a reference, not both.")

    def data_to_store(self) -> dict[str, Any]:
        """What the service takes: `***` for what is to stay."""
        given = {field.name: self._given(field.name) for field in self._scheme.fields}
        if self._stored:
            return {name: MASK if value in (None, "") else value for name, value in given.items()}
        needed = {field.name for field in self._scheme.fields if field.required}
        return {name: v for name, v in given.items() if name in needed or v not in (None, "")}

    def show(self, faults: tuple[Fault, ...], detail: str) -> None:
        """Each fault at its field, what has none above them."""
        for fault in faults or (Fault("", detail),):
            *_, name = fault.pointer.split("/")
            own = (REFERENCE if self.data.get(REFERENCE + name) else PREFIX) + name
            place = own if own in self.fields else name if name in self.fields else None
            self.add_error(place, fault.detail)

    def _given(self, name: str) -> Any:
        reference = self.cleaned_data[REFERENCE + name]
        return {"ref": reference} if reference else self.cleaned_data[PREFIX + name]

    def _value_field(self, field: Field) -> forms.Field:
        referred = bool(self.data.get(REFERENCE + field.name))
        return _form_field(field, stored=self._stored, referred=referred)


class RotateForm(CredentialForm):
    """New data in place of the stored; when it ends is not what a rotation says."""

    grace_seconds = forms.IntegerField(
        min_value=0,
        max_value=MAX_GRACE_SECONDS,
        initial=DEFAULT_GRACE_SECONDS,
        widget=UnfoldAdminTextInputWidget,
        help_text="How long the old secret is used where the new one is refused (401).",
    )

    def __init__(self, scheme: AuthScheme, *args: Any, **kwargs: Any) -> None:
        super().__init__(scheme, *args, stored=True, **kwargs)
        del self.fields["expires_at"]

    def clean(self) -> None:
        super().clean()
        if not any(name.startswith((PREFIX, REFERENCE)) for name in self.changed_data):
            self.add_error(None, "Give at least one new value.")


def _reference_field(field: Field) -> forms.Field:
    widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"})
    label = f"{field.title}, as a reference"
    return forms.CharField(label=label, required=False, max_length=MAX_LENGTH, widget=widget)


def _form_field(field: Field, *, stored: bool, referred: bool) -> forms.Field:
    kept = stored or referred
    needed = field.required and not kept and field.schema.get("minLength", 1) > 0
    # Pages print a help text as HTML, a scheme's is plain words.
    told = escape(f"{field.help} Empty: unchanged.".strip() if stored else field.help)
    return input_of(field, required=needed, help_text=told, write_only=True)

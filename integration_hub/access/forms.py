"""The admin's form for a new token."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from integration_hub.access.choices import Scope
from integration_hub.access.validation import check_token_fields
from integration_hub.lib.errors import ValidationFailed


class NamesField(forms.CharField):
    """Names, one a line or between commas."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return sorted({name.strip() for name in re.split(r"[,\n]", text) if name.strip()})


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=120,
        widget=UnfoldAdminTextInputWidget,
        help_text="Who will use it; shown in lists and in the audit log.",
    )
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    instances = NamesField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Slugs of the instances it may see, one a line. Empty: all.",
    )
    contexts = NamesField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="global, client:ID or user:ID, one a line. Empty: all.",
    )
    expires_at = forms.SplitDateTimeField(
        required=False, widget=UnfoldAdminSplitDateTimeWidget, help_text="Empty: never."
    )

    def clean(self) -> dict[str, Any]:
        """The same rules as everywhere; each fault at its field."""
        fields = super().clean() or {}
        if not self.errors:
            try:
                check_token_fields(**fields)
            except ValidationFailed as error:
                for fault in error.errors:
                    self.add_error(fault.pointer.split("/")[1], fault.detail)
        return fields

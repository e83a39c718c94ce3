"""What a person says of an import: where the description is, and what of it is wanted."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from integration_hub.lib import jsonsafe
from registry.import_source import MAX_SOURCE
from registry.name_patterns import SLUG_PATTERN, VERSION_PATTERN

_BREAKS = re.compile(r"[\n,]")
_MOST_NAMES = 5_000
_LONGEST_CHOICE = 4 * 1024 * 1024


class SourceForm(forms.Form):
    """One of three places."""

    upload = forms.FileField(
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text="A file: OpenAPI 3.0 or 3.1, Swagger 2.0 (JSON or YAML), Postman 2.1.",
    )
    url = forms.CharField(
        required=False,
        max_length=2_048,
        label="Address",
        widget=UnfoldAdminTextInputWidget,
        help_text="Fetched as the outbound policy allows; at most 16 MiB within 20 seconds.",
    )
    text = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 10, "spellcheck": "false"}),
        help_text="Or the description itself, pasted.",
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        given = [name for name in ("upload", "url", "text") if data.get(name)]
        if len(given) != 1:
            raise ValidationError("Give a file, an address or a text, one of them.")
        return data

    def source(self) -> dict[str, Any]:
        """The arguments of `stage_description` that say where it is."""
        data = self.cleaned_data
        if data["url"]:
            return {"url": data["url"]}
        if data["upload"]:
            return {"document": bytes(data["upload"].read(MAX_SOURCE + 1))}
        return {"document": data["text"].encode("utf-8", "surrogatepass")}


class ChoiceForm(forms.Form):
    """Names of the draft, and the operations; `chosen` is written by the page's script."""

    slug = forms.RegexField(
        SLUG_PATTERN,
        max_length=80,
        widget=UnfoldAdminTextInputWidget,
        help_text="What the definition is called in addresses: acme-crm",
    )
    version = forms.RegexField(
        VERSION_PATTERN,
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text="1.2.0; empty: as the description says.",
    )
    tags = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget)
    paths = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget)
    chosen = forms.CharField(required=False, max_length=_LONGEST_CHOICE, widget=forms.HiddenInput)

    def __init__(self, *args: Any, merging: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if merging:
            del self.fields["slug"]
            self.fields["version"].help_text = "Empty: the draft itself, or the next honest number."
        for name, what in (("tags", "tags"), ("paths", "paths, or globs like /users/*")):
            self.fields[
                name
            ].help_text = (
                f"By {what}, with commas: also those that are new when it is imported again."
            )

    def clean_chosen(self) -> list[str] | None:
        """The ids; None for all of them."""
        text = self.cleaned_data["chosen"]
        if not text:
            return None
        try:
            found = jsonsafe.loads(text)
        except jsonsafe.JSONFault:
            found = None
        if not isinstance(found, list) or len(found) > _MOST_NAMES:
            self.add_error(None, "The choice cannot be read: choose again.")
            return None
        return [str(name)[:500] for name in found]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("chosen") == [] and not (data.get("tags") or data.get("paths")):
            raise ValidationError("Nothing is chosen: choose operations, a tag or a path.")
        return data

    def include(self) -> dict[str, Any]:
        """As the import takes it; empty is everything."""
        data = self.cleaned_data
        said = {name: _names(data[name]) for name in ("tags", "paths")}
        return {name: names for name, names in said.items() if names} | (
            {"operations": data["chosen"]} if data["chosen"] is not None else {}
        )


def _names(text: str) -> list[str]:
    return [name.strip()[:500] for name in _BREAKS.split(text) if name.strip()]

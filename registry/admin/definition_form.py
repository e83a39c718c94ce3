"""A definition in the admin: one document, pasted or uploaded, judged like any other."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget

from integration_hub.api.stale_form import StaleForm
from integration_hub.lib.errors import HubError
from registry.admin.readable import as_yaml
from registry.admin.verbs import sentences
from registry.choices import DefinitionStatus
from registry.document import parse_definition
from registry.models import Definition
from registry.querysets import IMMUTABLE
from registry.reading import MAX_BYTES, read_document
from registry.resolving import resolved
from registry.spec import DefinitionSpec


class DefinitionForm(StaleForm):
    """`given` is the judged document; every fault stands next to the field it came from."""

    document = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 32, "spellcheck": "false"}),
        help_text="YAML or JSON, one document, one version.",
    )
    upload = forms.FileField(
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text="A .yaml or .json file; it replaces the text.",
    )
    given: dict[str, Any] | None = None

    class Meta:
        model = Definition
        fields = ("document",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.document:
            self.initial["document"] = as_yaml(self.instance.document)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        upload = data.get("upload")
        place = "upload" if upload else "document"
        if not self.instance._state.adding and self.instance.status != DefinitionStatus.DRAFT:
            # Published meanwhile, by somebody else: what was typed stays on the page.
            self.add_error(place, ValidationError(IMMUTABLE))
        if self.errors:
            return data
        try:
            self.given = read_document(self._content(data))
            spec = parse_definition(resolved(self.given))
        except HubError as error:
            self.add_error(place, ValidationError(sentences(error)))
            return data
        self._refuse_taken(spec, place)
        # The model's own column keeps JSON text; the service writes it.
        data["document"] = self.instance.document
        return data

    def _content(self, data: dict[str, Any]) -> bytes:
        upload = data.get("upload")
        if upload:
            return bytes(upload.read(MAX_BYTES + 1))
        return str(data.get("document") or "").encode("utf-8", "surrogatepass")

    def _refuse_taken(self, spec: DefinitionSpec, place: str) -> None:
        same = Definition.objects.filter(slug=spec.slug, version=spec.version)
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error(place, f"/version: {spec.ref} exists already; raise the version.")

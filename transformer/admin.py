"""Named transforms: edited as documents while drafts, read ever after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget

from integration_hub.access.person import actor_of
from integration_hub.api.stale_form import StaleForm
from integration_hub.lib.errors import Fault, HubError, ValidationFailed
from registry.admin.readable import as_yaml, badge, preformatted
from registry.admin.verbs import VerbAdmin, sentences
from registry.reading import read_document
from transformer.choices import TransformStatus
from transformer.models import IMMUTABLE, NamedTransform
from transformer.named import services
from transformer.named.document import judge

_COLOURS = {
    TransformStatus.DRAFT: "info",
    TransformStatus.PUBLISHED: "success",
    TransformStatus.ARCHIVED: "danger",
}
_NEXT = {
    TransformStatus.DRAFT: ["test", "publish"],
    TransformStatus.PUBLISHED: ["test", "archive"],
    TransformStatus.ARCHIVED: ["test"],
}
_FACTS = ("slug", "version", "description", "status_badge", "updated_at", "published_at")
_START = """slug: contact
version: 1.0.0
spec:
  rules:
    - {source: email, target: mail, transforms: [trim, lower]}
examples:
  - input: {email: " Ada@example.com "}
    output: {mail: ada@example.com}
"""


class TransformForm(StaleForm):
    """`given` is the judged document; every fault stands next to the field."""

    document = forms.CharField(
        required=False,  # an empty one is refused below, by the reader
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 28, "spellcheck": "false"}),
        help_text="YAML or JSON: slug, version, spec, and examples that are run before it is "
        "published.",
    )
    given: dict[str, Any] | None = None

    class Meta:
        model = NamedTransform
        fields = ("document",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance.document
        self.initial["document"] = as_yaml(stored) if stored else _START

    def clean_document(self) -> str:
        if not self.instance._state.adding and self.instance.status != TransformStatus.DRAFT:
            raise ValidationError(IMMUTABLE)
        text = str(self.cleaned_data.get("document") or "")
        try:
            self.given = read_document(text.encode("utf-8", "surrogatepass"), what="a transform")
            judge(self.given)
        except HubError as error:
            raise ValidationError(sentences(error)) from None
        self._refuse_taken(self.given)
        # The model's own column keeps JSON text; the service writes it.
        return str(self.instance.document)

    def _refuse_taken(self, document: dict[str, Any]) -> None:
        slug, version = document["slug"], document["version"]
        same = NamedTransform.objects.filter(slug=slug, version=version)
        if same.exclude(pk=self.instance.pk).exists():
            raise ValidationError(f"/version: {slug}@{version} exists already; raise the version.")


@admin.register(NamedTransform)
class NamedTransformAdmin(VerbAdmin):
    form = TransformForm
    list_display = ("slug", "version", "status_badge", "description", "updated_at")
    list_filter = ("status",)
    search_fields = ("slug", "description")
    ordering = ("slug", "-id")
    show_full_result_count = False
    verbs = {
        "test": ("Run the examples", lambda row, _: services.check_transform(transform=row)),
        "publish": (
            "Publish",
            lambda row, actor: services.publish_transform(transform=row, actor=actor),
        ),
        "archive": (
            "Archive",
            lambda row, actor: services.archive_transform(transform=row, actor=actor),
        ),
    }

    def offered(self, row: NamedTransform) -> list[str]:
        return _NEXT[TransformStatus(row.status)]

    def call(self, request: HttpRequest, row: Any, verb: str) -> None:
        if verb != "test":
            super().call(request, row, verb)
            return
        results = services.check_transform(transform=row)
        wrong = [item for item in results if not item.ok]
        said = f"{len(results) - len(wrong)} of {len(results)} examples hold."
        if wrong:
            faults = [Fault(f"/examples/{item.number}", item.detail, "EXAMPLE") for item in wrong]
            raise ValidationFailed(said, errors=faults)
        self.message_user(request, said)

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        context = super().page_context(request, row)
        saves = ("show_save", "show_save_and_continue", "show_save_and_add_another")
        return context if self._editable(request, row) else context | dict.fromkeys(saves, False)

    def get_fieldsets(self, request: HttpRequest, obj: NamedTransform | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ("document",)})]
        document = "document" if self._editable(request, obj) else "document_text"
        return [(None, {"fields": _FACTS}), ("Document", {"fields": (document,)})]

    def get_readonly_fields(
        self, request: HttpRequest, obj: NamedTransform | None = None
    ) -> Sequence[str]:
        return (*_FACTS, "document_text") if obj is not None else ()

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is not None and not self._editable(request, obj):
            kwargs |= {"form": forms.ModelForm, "fields": ()}
        return super().get_form(request, obj, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only drafts go; what was published is archived."""
        draft = obj is None or obj.status == TransformStatus.DRAFT
        return draft and bool(super().has_delete_permission(request, obj))

    def get_actions(self, request: HttpRequest) -> Any:
        """No deletion of many: some may have been published."""
        return {k: v for k, v in super().get_actions(request).items() if k != "delete_selected"}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        document = getattr(form, "given", None)
        if document is None:
            return
        if change:
            services.update_transform(transform=obj, document=document, actor=actor_of(request))
        else:
            obj.pk = services.create_transform(document=document, actor=actor_of(request)).pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        services.delete_transform(transform=obj, actor=actor_of(request))

    @admin.display(description="Status", ordering="status")
    def status_badge(self, row: NamedTransform) -> SafeString:
        return badge(row.status, row.get_status_display(), _COLOURS)

    @admin.display(description="")
    def document_text(self, row: NamedTransform) -> SafeString:
        text = preformatted(as_yaml(row.document))
        return format_html('<div class="hub-unlabelled">{}</div>', text)

    def _editable(self, request: HttpRequest, row: NamedTransform) -> bool:
        """A draft; and whatever somebody sends a document for, who is then told why not."""
        may = bool(self.has_change_permission(request, row))
        return may and (row.status == TransformStatus.DRAFT or "document" in request.POST)

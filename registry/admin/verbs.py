"""Buttons of one row, each a POST of its own that calls one service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from integration_hub.access.person import actor_of
from integration_hub.api.stale_form import TEMPLATE
from integration_hub.lib.errors import HubError
from integration_hub.model_admin import HubAdmin

Verb = Callable[[Any, str], object]


def sentences(error: HubError) -> list[str]:
    """The error for a page: its sentence, then each fault with its place."""
    faults = [f"{fault.pointer or 'document'}: {fault.detail}" for fault in error.errors]
    return [error.detail, *faults]


class VerbAdmin(HubAdmin):
    """A ModelAdmin whose rows have verbs, offered as buttons: `name → (label, service)`.

    A verb needs the right to change. A refusal of the service is shown, not raised.
    """

    verbs: ClassVar[dict[str, tuple[str, Verb]]] = {}
    change_form_before_template = TEMPLATE
    change_form_outer_before_template = "registry/verbs.html"

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_verb"
        view = self.admin_site.admin_view(self.verb_view)
        return [path("<path:object_id>/do/<str:verb>/", view, name=name), *super().get_urls()]

    def asked(self, row: Any, verb: str) -> str:
        """What the button has a text field for (sent as `reason`); empty: it has none."""
        return ""

    def label(self, row: Any, verb: str) -> str:
        """What the button says."""
        return self.verbs[verb][0]

    def call(self, request: HttpRequest, row: Any, verb: str) -> None:
        """Call the verb's service; raises what that raises."""
        self.verbs[verb][1](row, actor_of(request))

    def offered(self, row: Any) -> list[str]:
        """The verbs that make sense for this row."""
        return list(self.verbs)

    def verb_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, object_id)
        if row is None or verb not in self.verbs:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        self.do(request, row, verb)
        return redirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])
        )

    def do(self, request: HttpRequest, row: Model, verb: str) -> bool:
        """Call the service; say what came of it."""
        label = self.label(row, verb)
        try:
            self.call(request, row, verb)
        except HubError as error:
            for sentence in sentences(error):
                self.message_user(request, sentence, messages.ERROR)
            return False
        self.message_user(request, f"{label}: {row}", messages.SUCCESS)
        return True

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if object_id else None
        more = self.page_context(request, row) if row is not None else {}
        whole = (extra_context or {}) | more
        view = super().changeform_view
        # Judged by the form before, so a refusal is someone else's change at the same time.
        return self._shown(request, lambda: view(request, object_id, form_url, whole))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        view = super().delete_view
        return self._shown(request, lambda: view(request, object_id, extra_context))

    def _shown(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        """The view's answer, or the page again with what the service refused."""
        try:
            return view()
        except HubError as error:
            for sentence in sentences(error):
                self.message_user(request, sentence, messages.ERROR)
            return redirect(request.get_full_path())

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        if not self.has_change_permission(request, row):
            return {}
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_verb"
        buttons = [
            {
                "label": self.label(row, verb),
                "url": reverse(name, args=[row.pk, verb]),
                "asks": self.asked(row, verb),
            }
            for verb in self.offered(row)
        ]
        return {"verb_buttons": buttons}

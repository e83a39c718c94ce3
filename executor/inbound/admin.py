"""Webhooks in the admin: what came in, masked, and the secrets, written and never shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters
from unfold.utils import display_for_label

from executor.admin.paginator import BoundedPaginator
from executor.inbound import admin_parked, again, secrets, selectors
from executor.inbound.admin_forms import HookSecretForm
from executor.inbound.admin_parked import MOST_AGAIN, more_than
from executor.inbound.choices import HookStatus
from executor.inbound.models import HookSecret, ReceivedHook
from integration_hub.access.person import actor_of, caller_of
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import HubError
from integration_hub.model_admin import HubAdmin, ReadOnlyAdmin
from registry.building import spec_of_text
from registry.instance_links import instance_links
from registry.models import Instance

_COLOURS = {
    HookStatus.RECEIVED: "success",
    HookStatus.QUEUED: "success",
    HookStatus.FAILED: "danger",
    HookStatus.DISCARDED: "info",
}
_SIGNED = {"verified": "success", "unsigned": "warning"}
__all__ = ["HookSecretAdmin", "ReceivedHookAdmin", "admin_parked", "webhooks_link"]
_MADE = "admin/inbound/hooksecret/made.html"


@admin.register(ReceivedHook)
class ReceivedHookAdmin(ReadOnlyAdmin):
    """Read-only: a hook is what someone sent."""

    list_display = (
        *("created_at", "instance_slug", "event_type", "event_id"),
        *("state", "signature", "copies", "size"),
    )
    list_filter = ("status",)
    sortable_by = ()
    search_fields = ("instance_slug__exact", "event_id__exact", "id__exact")
    search_help_text = "An instance's slug, an event's id or a webhook's id, whole."
    ordering = ("-id",)
    paginator = BoundedPaginator
    show_full_result_count = False
    fields = (
        *("id", "created_at", "instance_slug", "event_id", "event_type", "verifier", "signature"),
        *(
            "state",
            "error",
            "execution",
            "copies",
            "content_type",
            "size",
            "sent_headers",
            "body_shown",
        ),
    )
    readonly_fields = fields
    actions = ("process", "discard")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReceivedHook]:
        return selectors.visible(caller_of(request))

    def has_process_permission(self, request: HttpRequest) -> bool:
        return self.has_right_to_change(request)

    @admin.display(description="Status", ordering="status")
    def state(self, row: ReceivedHook) -> SafeString:
        status = HookStatus(row.status)
        shown: SafeString = display_for_label((status, status.label), "", _COLOURS)
        return shown

    @admin.display(description="Signature")
    def signature(self, row: ReceivedHook) -> SafeString:
        word = "verified" if row.signed else "unsigned"
        shown: SafeString = display_for_label((word, word), "", _SIGNED)
        return shown

    @admin.display(description="Call", empty_value="—")
    def execution(self, row: ReceivedHook) -> SafeString | None:
        if row.execution_id is None:
            return None
        address = reverse("admin:executor_execution_change", args=[row.execution_id])
        return format_html('<a href="{}">{}</a>', address, row.execution_id)

    @admin.display(description="Headers")
    def sent_headers(self, row: ReceivedHook) -> SafeString:
        headers = jsonsafe.loads(row.headers)
        return _code("\n".join(f"{name}: {value}" for name, value in headers.items()))

    @admin.display(description="Body")
    def body_shown(self, row: ReceivedHook) -> SafeString:
        return _code(row.shown)

    @admin.action(
        description="Process again: tell its event and make its call once more",
        permissions=["process"],
    )
    def process(self, request: HttpRequest, queryset: QuerySet[ReceivedHook]) -> None:
        """Each says how it went: the event goes out and the method is called once more."""
        done = self._each(request, queryset, again.process_again)
        self.message_user(request, f"Webhooks processed again: {done}.")

    @admin.action(
        description="Discard: remove what these failed ones hold, for good", permissions=["process"]
    )
    def discard(self, request: HttpRequest, queryset: QuerySet[ReceivedHook]) -> None:
        done = self._each(request, queryset, again.discard)
        self.message_user(request, f"Webhooks discarded: {done}.")

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[ReceivedHook],
        work: Callable[..., ReceivedHook],
    ) -> int:
        """How many it could be done to; of the others the reason is said, of the rest that it is
        left."""
        done, chosen = 0, list(queryset[: MOST_AGAIN + 1])
        for row in chosen[:MOST_AGAIN]:
            try:
                work(hook_id=row.pk, actor=actor_of(request))
            except HubError as error:
                self.message_user(request, f"{row}: {error.detail}", messages.ERROR)
            else:
                done += 1
        if len(chosen) > MOST_AGAIN:
            self.message_user(request, more_than(MOST_AGAIN), messages.WARNING)
        return done


@admin.register(HookSecret)
class HookSecretAdmin(HubAdmin):
    """Added and removed, never shown nor changed."""

    form = HookSecretForm
    list_display = ("slug", "kind", "hint", "expires_at", "created_at")
    list_select_related = ("instance",)
    search_fields = ("instance__slug",)
    ordering = ("instance__slug", "id")
    fields = ("instance", "kind", "secret_text", "expires_at")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[HookSecret]:
        rows: QuerySet[HookSecret] = super().get_queryset(request)
        return rows.defer("secret")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None else ("instance", "kind", "hint", "expires_at")

    @admin.display(description="Instance", ordering="instance__slug")
    def slug(self, row: HookSecret) -> str:
        return row.instance.slug

    @method_decorator(sensitive_post_parameters())
    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found: HttpResponse = super().add_view(request, *args, **kwargs)
        return found

    def save_model(
        self, request: HttpRequest, obj: HookSecret, form: HookSecretForm, change: bool
    ) -> None:
        """Through the service, so that it is sealed and audited as over REST."""
        row, made = secrets.add_secret(**form.members, actor=actor_of(request))
        obj.pk, obj.hint = row.pk, row.hint
        request.hook_secret_made = made  # type: ignore[attr-defined]  # for the answer to this request alone

    def response_add(self, request: HttpRequest, obj: HookSecret, *args: Any) -> HttpResponse:
        """One that was made here is in this answer and nowhere else: no session, no redirect."""
        made = getattr(request, "hook_secret_made", "")
        if not made:
            found: HttpResponse = super().response_add(request, obj, *args)
            return found
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Webhook secret made",
            "instance": obj.instance,
            "made": made,
            "address": f"{settings.HUB_PUBLIC_URL}/api/v1/hooks/{obj.instance.slug}",
        }
        response = TemplateResponse(request, _MADE, context)
        response["Cache-Control"] = "no-store"
        return response

    def delete_model(self, request: HttpRequest, obj: HookSecret) -> None:
        actor = actor_of(request)
        secrets.remove_secret(instance=obj.instance, secret_id=obj.pk, actor=actor)


def webhooks_link(request: HttpRequest, row: Instance) -> tuple[str, str] | None:
    """The button on an instance's page."""
    takes = "webhook" in spec_of_text(row.definition.effective).document
    if not takes or not request.user.has_perm("inbound.view_receivedhook"):
        return None
    return "Webhooks", reverse("admin:inbound_receivedhook_changelist") + f"?q={row.slug}"


def _code(text: str) -> SafeString:
    return format_html('<pre class="hub-code" tabindex="0">{}</pre>', text)


instance_links.add("webhooks", webhooks_link)

"""Sinks in the admin: made by the fields of their type, tried, and shown how they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters
from unfold.utils import display_for_label

from integration_hub.access.person import actor_of
from integration_hub.api.stale_form import TEMPLATE
from integration_hub.events import redelivery, sink_services, trial
from integration_hub.events.admin_filters import SinkStateFilter
from integration_hub.events.admin_forms import SinkForm, form_for, names_of
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.models import Delivery, EventSink
from integration_hub.events.sink import sinks
from integration_hub.events.sink_config import public_config
from integration_hub.events.sink_state import TOLD_AFTER
from integration_hub.lib import clock
from integration_hub.lib.errors import HubError
from integration_hub.model_admin import HubAdmin
from integration_hub.sealing.keyring import CannotOpen

_AT_ONCE = 20
_CHOOSE = "admin/events/eventsink/choose.html"
_BANNERS = 10
_STATES: Mapping[str, Callable[[EventSink], bool]] = {
    "switched off by the hub": lambda sink: not sink.enabled and bool(sink.disabled_reason),
    "off": lambda sink: not sink.enabled,
    "failing": lambda sink: sink.failing_since is not None,
    "working": lambda sink: sink.succeeded_at is not None,
}
_SINK_COLOURS = {
    "switched off by the hub": "danger",
    "failing": "warning",
    "working": "success",
    "new": "info",
}


@admin.register(EventSink)
class EventSinkAdmin(HubAdmin):
    """A secret of a config is written here and never shown."""

    change_form_before_template = TEMPLATE
    list_display = ("name", "type", "state", "waiting", "log", "updated_at")
    search_fields = ("name",)
    readonly_fields = (
        "type",
        "state",
        "log",
        "failing_since",
        "paused_until",
        "disabled_reason",
        "last_error",
        "created_at",
        "updated_at",
    )
    list_filter = ("type", "enabled", SinkStateFilter)
    actions = ("send_test_event", "redeliver_failed")

    def get_actions(self, request: HttpRequest) -> Any:
        """Sinks are deleted one by one: each deletion is audited."""
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A sink whose plug-in is not there is looked at, and can be deleted."""
        known = obj is None or obj.type in sinks
        return known and bool(super().has_change_permission(request, obj))

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_change_permission(request))

    @method_decorator(sensitive_post_parameters())
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """First the type, then the fields that it declares."""
        if self.has_add_permission(request) and _kind_of(request) not in sinks:
            return self._choose(request)
        found: HttpResponse = super().add_view(request, form_url, extra_context)
        return found

    @method_decorator(sensitive_post_parameters())
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        found: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return found

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """What somebody else did since the form was judged is said, and nothing is written."""
        try:
            found: HttpResponse = super().changeform_view(
                request, object_id, form_url, extra_context
            )
        except (HubError, CannotOpen) as error:
            if request.method != "POST":
                raise
            said = error.detail if isinstance(error, HubError) else "A secret cannot be read now."
            self.message_user(request, said, messages.ERROR)
            return redirect(request.get_full_path())
        return found

    def _choose(self, request: HttpRequest) -> HttpResponse:
        if kind := _kind_of(request):
            self.message_user(request, f"There is no type of sink {kind[:80]!r}.", messages.ERROR)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Add event sink",
            "kinds": list(sinks),
        }
        return TemplateResponse(request, _CHOOSE, context)

    def get_form(
        self,
        request: HttpRequest,
        obj: EventSink | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return super().get_form(request, obj, change=change, **kwargs)
        return form_for(sinks.get(obj.type if obj else _kind_of(request)))

    def get_fieldsets(self, request: HttpRequest, obj: EventSink | None = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            shown = ("name", "enabled", "config", "filters", *self.readonly_fields)
            return [(None, {"fields": shown})]
        plugin = sinks.get(obj.type if obj else _kind_of(request))
        own = names_of(plugin, public_config(obj) if obj else {})
        found: list[tuple[str | None, dict[str, Any]]] = [(None, {"fields": ("name", "enabled")})]
        if own:
            found.append((plugin.title, {"fields": tuple(own)}))
        found.append(("What it hears", {"fields": ("filters",)}))
        if obj is not None:
            found.append(("State", {"fields": self.readonly_fields}))
        return found

    @admin.action(description="Send test event", permissions=["redeliver"])
    def send_test_event(self, request: HttpRequest, queryset: QuerySet[EventSink]) -> None:
        for sink in queryset[:_AT_ONCE]:
            done = trial.send_test_event(sink=sink, actor=actor_of(request))
            said = f"{sink.name}: {done.detail} ({done.duration_ms:.0f} ms)"
            level = messages.SUCCESS if done.ok else messages.ERROR
            self.message_user(request, said, level=level)

    @admin.action(
        description="Deliver again what failed in the last 7 days", permissions=["redeliver"]
    )
    def redeliver_failed(self, request: HttpRequest, queryset: QuerySet[EventSink]) -> None:
        which = redelivery.Which(since=clock.now() - timedelta(days=7))
        for sink in queryset[:_AT_ONCE]:
            count = redelivery.redeliver_many(sink=sink, which=which, actor=actor_of(request))
            self.message_user(request, f"{sink.name}: deliveries planned again: {count}.")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With a banner for each sink that the hub switched off, or that fails for long."""
        if request.method == "GET":
            for sink in _sick():
                self.message_user(request, _sickness(sink), level=messages.WARNING)
        shown: HttpResponse = super().changelist_view(request, extra_context)
        return shown

    @admin.display(description="State")
    def state(self, sink: EventSink) -> SafeString:
        value = next((name for name, holds in _STATES.items() if holds(sink)), "new")
        shown: SafeString = display_for_label((value, value), "", _SINK_COLOURS)
        return shown

    @admin.display(description="Deliveries")
    def log(self, sink: EventSink) -> SafeString:
        address = reverse("admin:events_delivery_changelist")
        return format_html('<a href="{}?sink__id__exact={}">Delivery log</a>', address, sink.pk)

    def get_queryset(self, request: HttpRequest) -> Any:
        waiting = Delivery.objects.filter(sink=OuterRef("pk"), status=DeliveryStatus.PENDING)
        counted = waiting.order_by().values("sink").annotate(count=Count("pk")).values("count")
        rows: QuerySet[Any] = super().get_queryset(request).filter(owner="")
        return rows.annotate(waits=Coalesce(Subquery(counted), 0))

    @admin.display(description="Waiting")
    def waiting(self, sink: EventSink) -> int:
        return int(getattr(sink, "waits", 0))

    def save_model(
        self, request: HttpRequest, obj: EventSink, form: SinkForm, change: bool
    ) -> None:
        """Through the service, so that it is checked, sealed and audited as over REST."""
        actor, document = actor_of(request), form.document
        if change:
            sink_services.update_sink(sink_id=obj.pk, change=lambda _: document, actor=actor)
        else:
            obj.pk = sink_services.create_sink(document=document, actor=actor).pk

    def delete_model(self, request: HttpRequest, obj: EventSink) -> None:
        sink_services.delete_sink(sink_id=obj.pk, actor=actor_of(request))


def _kind_of(request: HttpRequest) -> str:
    """The type that the address of the page names, or what was posted without one."""
    return request.GET.get("type") or request.POST.get("type", "")


def _sick() -> QuerySet[EventSink]:
    off = Q(enabled=False) & ~Q(disabled_reason="")
    long = Q(enabled=True, failing_since__lt=clock.now() - TOLD_AFTER)
    return EventSink.objects.filter(off | long, owner="").defer("secret")[:_BANNERS]


def _sickness(sink: EventSink) -> str:
    if not sink.enabled:
        return f"The hub switched {sink.name} off. {sink.disabled_reason}"
    since = f"{sink.failing_since:%Y-%m-%d %H:%M}"
    return f"{sink.name} takes no events since {since} UTC. {sink.last_error}"

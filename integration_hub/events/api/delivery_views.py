"""What a sink was told and what it was not: its deliveries, a test, once more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django_filters import ChoiceFilter, FilterSet, UUIDFilter
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.filters import KnownParameters, StrictFilterBackend
from integration_hub.api.pagination import IdCursorPagination
from integration_hub.api.views import HubViewSet
from integration_hub.events import redelivery, secret_rotation, trial
from integration_hub.events.api import openapi, shapes
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.models import Delivery, EventSink
from integration_hub.events.sink_config import public_config
from integration_hub.events.visibility import require_unlimited
from integration_hub.lib.errors import Conflict, Fault, NotFound, ValidationFailed
from integration_hub.lib.schema import compile_schema


class DeliveryFilterSet(FilterSet):  # type: ignore[misc]  # django-filter has no types
    status = ChoiceFilter(choices=DeliveryStatus.choices)
    event = UUIDFilter(field_name="event_id")


@extend_schema(tags=["events"])
class DeliveryViewSet(HubViewSet):
    """The delivery log of one sink, newest first, with each attempt that failed."""

    required_scopes = {
        "list": "read",
        "retrieve": "read",
        "redeliver": "manage",
        "redeliver_many": "manage",
        "test": "manage",
        "rotate": "manage",
    }
    problems = {
        "list": (ValidationFailed, NotFound),
        "retrieve": (NotFound,),
        "redeliver": (NotFound, Conflict, ValidationFailed),
        "redeliver_many": (NotFound, ValidationFailed),
        "test": (NotFound, ValidationFailed),
        "rotate": (NotFound, Conflict, ValidationFailed),
    }
    queryset = Delivery.objects.select_related("event").prefetch_related("failures")
    pagination_class = IdCursorPagination
    filter_backends = (KnownParameters, StrictFilterBackend)
    filterset_class = DeliveryFilterSet

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require_unlimited(self.request.caller)

    def get_queryset(self) -> QuerySet[Any]:
        rows = Delivery.objects.filter(sink=self.kwargs.get("sink_id"))
        return rows.select_related("event").prefetch_related("failures")

    @extend_schema(responses=openapi.SINK_DELIVERY)
    def list(self, request: Request, sink_id: UUID) -> Response:
        """The deliveries of a sink."""
        _sink(sink_id)
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        rows = [shapes.delivery_of_sink(row) for row in page or ()]
        return self.get_paginated_response(rows)

    @extend_schema(responses=openapi.SINK_DELIVERY)
    def retrieve(self, request: Request, sink_id: UUID, delivery_id: UUID) -> Response:
        """One delivery."""
        return Response(shapes.delivery_of_sink(self._delivery(delivery_id)))

    @extend_schema(request=None, responses={202: openapi.SINK_DELIVERY})
    def redeliver(self, request: Request, sink_id: UUID, delivery_id: UUID) -> Response:
        """Try it again at once, whatever became of it; the id stays."""
        row = self._delivery(delivery_id)
        redelivery.redeliver_one(delivery=row, actor=self.request.caller.owner)
        return Response(shapes.delivery_of_sink(self._delivery(delivery_id)), status=202)

    @extend_schema(
        request={"application/json": openapi.REDELIVER_BODY},
        responses={202: openapi.REDELIVER_MANY},
        examples=[openapi.REDELIVER_EXAMPLE],
    )
    def redeliver_many(self, request: Request, sink_id: UUID) -> Response:
        """Deliver again what failed since a moment, or all of it, by type and subject."""
        sink = _sink(sink_id)
        which = _which(_checked(request.data, openapi.REDELIVER_BODY))
        count = redelivery.redeliver_many(sink=sink, which=which, actor=self.request.caller.owner)
        return Response({"deliveries": count, "more": count >= redelivery.MOST}, status=202)

    @extend_schema(request=None, responses=openapi.TRIAL)
    def test(self, request: Request, sink_id: UUID) -> Response:
        """Send a test event (`integration.sink.test`) now and say how it went."""
        done = trial.send_test_event(sink=_sink(sink_id), actor=self.request.caller.owner)
        return Response(
            {
                "ok": done.ok,
                "event_id": done.event_id,
                "status_code": done.status,
                "detail": done.detail,
                "answer": done.answer,
                "duration_ms": done.duration_ms,
            }
        )

    @extend_schema(
        request={"application/json": openapi.ROTATE_BODY},
        responses=openapi.ROTATED,
        examples=[openapi.ROTATE_EXAMPLE],
    )
    def rotate(self, request: Request, sink_id: UUID) -> Response:
        """Make a new secret, shown now or never; the old one signs beside it for a while."""
        body = _checked(request.data or {}, openapi.ROTATE_BODY)
        row, secret = secret_rotation.rotate_secret(
            sink_id=sink_id,
            overlap_hours=body.get("overlap_hours", secret_rotation.OVERLAP_HOURS),
            actor=self.request.caller.owner,
        )
        until = public_config(row).get("previous_secret_until")
        return Response({"secret": secret, "previous_secret_until": until})

    def _delivery(self, delivery_id: UUID) -> Delivery:
        found: Delivery | None = self.get_queryset().filter(pk=delivery_id).first()
        if found is None:
            raise NotFound("There is no such delivery; it may have been purged.")
        return found


def _sink(sink_id: UUID) -> EventSink:
    row = EventSink.objects.filter(pk=sink_id, owner="").first()
    if row is None:
        raise NotFound("There is no such event sink.")
    return row


def _checked(body: Any, schema: dict[str, Any]) -> dict[str, Any]:
    faults = compile_schema(schema).faults(body)
    if faults:
        raise ValidationFailed("The body is not valid; see errors.", errors=faults)
    found: dict[str, Any] = body
    return found


def _which(body: dict[str, Any]) -> redelivery.Which:
    moments = {name: parse_datetime(body[name]) for name in ("since", "until") if name in body}
    faults = [
        Fault(f"/{name}", "Give a moment with its offset, e.g. 2026-11-01T00:00:00Z.", "FORMAT")
        for name, moment in moments.items()
        if moment is None or moment.tzinfo is None
    ]
    since = moments["since"]
    if faults or since is None:
        raise ValidationFailed("The body is not valid; see errors.", errors=faults)
    return redelivery.Which(
        since=since,
        until=moments.get("until"),
        types=tuple(body.get("types", ())),
        subjects=tuple(body.get("subjects", ())),
        all=body.get("all", False),
    )

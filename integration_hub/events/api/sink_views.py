"""`/event-sinks`: who is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.etag import check_if_match, etag_of
from integration_hub.api.readonly import without_readonly
from integration_hub.api.views import HubViewSet
from integration_hub.events import sink_services
from integration_hub.events.api import openapi, shapes
from integration_hub.events.models import EventSink
from integration_hub.events.visibility import require_unlimited
from integration_hub.lib.clock import rfc3339
from integration_hub.lib.errors import (
    Conflict,
    NotFound,
    PreconditionFailed,
    TargetForbidden,
    ValidationFailed,
)
from integration_hub.lib.merge_patch import apply_patch

_WRITE = (ValidationFailed, TargetForbidden, NotFound, Conflict, PreconditionFailed)


@extend_schema(tags=["events"])
class EventSinkViewSet(HubViewSet):
    """Receivers of events. A secret of a config is write-only and shown as `***`."""

    required_scopes = {
        "list": "read",
        "retrieve": "read",
        "create": "manage",
        "update": "manage",
        "partial_update": "manage",
        "destroy": "manage",
    }
    problems = {
        "list": (ValidationFailed,),
        "retrieve": (NotFound,),
        "create": (ValidationFailed, TargetForbidden, Conflict),
        "update": _WRITE,
        "partial_update": _WRITE,
        "destroy": (NotFound, PreconditionFailed),
    }
    queryset = EventSink.objects.filter(owner="").order_by("name")
    filterset_fields = ("type", "enabled")
    search_fields = ("name",)
    ordering_fields = ("name", "type", "created_at", "updated_at")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require_unlimited(self.request.caller)

    @extend_schema(responses=openapi.SINK)
    def list(self, request: Request) -> Response:
        """Every sink."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([shapes.sink(row) for row in page or ()])

    @extend_schema(
        request={"application/json": openapi.SINK_BODY},
        responses={201: openapi.SINK},
        examples=[openapi.SINK_EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        """Add a sink; it hears what happens from now on."""
        document: Any = request.data
        row = sink_services.create_sink(document=document, actor=self.request.caller.owner)
        return _answer(row, 201)

    @extend_schema(responses=openapi.SINK)
    def retrieve(self, request: Request, sink_id: UUID) -> Response:
        """One sink."""
        row = EventSink.objects.filter(pk=sink_id, owner="").first()
        if row is None:
            raise NotFound("There is no such event sink.")
        return _answer(row)

    @extend_schema(
        request={"application/json": openapi.SINK_BODY},
        responses=openapi.SINK,
        parameters=[openapi.IF_MATCH],
    )
    def update(self, request: Request, sink_id: UUID) -> Response:
        """Replace a sink. A secret sent as `***` stays what it was."""
        return self._change(request, sink_id, merge=False)

    @extend_schema(
        request={"application/json": openapi.SINK_PATCH},
        responses=openapi.SINK,
        parameters=[openapi.IF_MATCH],
    )
    def partial_update(self, request: Request, sink_id: UUID) -> Response:
        """Patch a sink (JSON merge patch: null removes a member)."""
        return self._change(request, sink_id, merge=True)

    @extend_schema(responses={204: None}, parameters=[openapi.IF_MATCH])
    def destroy(self, request: Request, sink_id: UUID) -> Response:
        """Remove a sink, and what it has not been told yet."""
        sink_services.delete_sink(
            sink_id=sink_id,
            actor=self.request.caller.owner,
            precondition=lambda row: check_if_match(request, row),
        )
        return Response(status=204)

    def _change(self, request: Request, sink_id: UUID, *, merge: bool) -> Response:
        def changed(row: EventSink) -> dict[str, Any]:
            stored = shapes.sink(row)
            body = without_readonly(request.data, _as_sent(stored), shapes.WRITABLE)
            writable = {name: stored[name] for name in shapes.WRITABLE}
            return apply_patch(writable, body) if merge else body

        row = sink_services.update_sink(
            sink_id=sink_id,
            change=changed,
            actor=self.request.caller.owner,
            precondition=lambda locked: check_if_match(request, locked),
        )
        return _answer(row)


def _as_sent(stored: dict[str, Any]) -> dict[str, Any]:
    """Times as the answers write them, so that what was read can be sent back."""
    return {
        name: rfc3339(value) if isinstance(value, datetime) else value
        for name, value in stored.items()
    }


def _answer(row: EventSink, status: int = 200) -> Response:
    response = Response(shapes.sink(row), status=status)
    response["ETag"] = etag_of(row)
    if status == 201:
        response["Location"] = reverse("event-sink", kwargs={"sink_id": row.pk})
    return response

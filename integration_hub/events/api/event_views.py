"""`/events`: what was published, and to whom it went."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import CharFilter
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.filters import CreatedFilterSet, KnownParameters, StrictFilterBackend
from integration_hub.api.pagination import IdCursorPagination
from integration_hub.api.views import HubViewSet
from integration_hub.events import redelivery
from integration_hub.events.api import openapi, shapes
from integration_hub.events.models import Event
from integration_hub.events.visibility import visible_events
from integration_hub.lib.errors import NotFound, ValidationFailed


class EventFilterSet(CreatedFilterSet):
    type = CharFilter()
    subject = CharFilter()


@extend_schema(tags=["events"])
class EventViewSet(HubViewSet):
    """The outbox, newest first. Rows are only ever added, and purged when they are old."""

    required_scopes = {"list": "read", "retrieve": "read", "redeliver": "manage"}
    problems = {"list": (ValidationFailed,), "retrieve": (NotFound,), "redeliver": (NotFound,)}
    queryset = Event.objects.prefetch_related("deliveries__sink")
    pagination_class = IdCursorPagination
    filter_backends = (KnownParameters, StrictFilterBackend)
    filterset_class = EventFilterSet

    def get_queryset(self) -> QuerySet[Any]:
        return visible_events(self.request.caller).prefetch_related("deliveries__sink")

    @extend_schema(responses=openapi.EVENT)
    def list(self, request: Request) -> Response:
        """Events with the state of their deliveries."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([shapes.event(row) for row in page or ()])

    @extend_schema(responses=openapi.EVENT)
    def retrieve(self, request: Request, event_id: UUID) -> Response:
        """One event."""
        return Response(shapes.event(self._event(event_id)))

    @extend_schema(request=None, responses={202: openapi.REDELIVERED})
    def redeliver(self, request: Request, event_id: UUID) -> Response:
        """Deliver it again, under its old id, to every sink that wants it."""
        event = self._event(event_id)
        count = redelivery.redeliver(event=event, actor=self.request.caller.owner)
        return Response({"id": str(event.pk), "sinks": count}, status=202)

    def _event(self, event_id: UUID) -> Event:
        found: Event | None = self.get_queryset().filter(pk=event_id).first()
        if found is None:
            raise NotFound("There is no such event; it may have been purged.")
        return found

"""`/parked-messages`: consumed messages that became no call, and what a person does with them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django_filters import CharFilter
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from executor.inbound import parked
from executor.inbound.api import shapes
from executor.inbound.models import ParkedMessage
from integration_hub.api.filters import CreatedFilterSet, KnownParameters, StrictFilterBackend
from integration_hub.api.pagination import IdCursorPagination
from integration_hub.api.request import HubRequest
from integration_hub.api.views import HubViewSet
from integration_hub.events.visibility import require_unlimited
from integration_hub.lib.errors import NotFound, PayloadPurged, ServiceUnavailable


class ParkedFilterSet(CreatedFilterSet):
    queue = CharFilter()
    event_id = CharFilter()
    code = CharFilter()


@extend_schema(tags=["webhooks"])
class ParkedMessageViewSet(HubViewSet):
    """Consumed messages that became no call, newest first. A token with limits sees none."""

    required_scopes = {
        "list": "read",
        "retrieve": "read",
        "process": "manage",
        "discard": "manage",
    }
    problems = {
        "retrieve": (NotFound, PayloadPurged),
        "process": (NotFound, PayloadPurged, ServiceUnavailable),
        "discard": (NotFound,),
    }
    queryset = ParkedMessage.objects.defer("raw")
    pagination_class = IdCursorPagination
    filter_backends = (KnownParameters, StrictFilterBackend)
    filterset_class = ParkedFilterSet

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require_unlimited(self.request.caller, "Parked messages tell")

    @extend_schema(responses=shapes.PARKED)
    def list(self, request: HubRequest) -> Response:
        """Without what they ask for."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([shapes.parked(row) for row in page or ()])

    @extend_schema(responses=shapes.PARKED_DETAIL)
    def retrieve(self, request: HubRequest, message_id: UUID) -> Response:
        """One, with what processing it again would call."""
        row = parked.get(message_id)
        return Response({**shapes.parked(row), "asks_for": parked.asks_for(row)})

    @extend_schema(request=None, responses={200: shapes.PROCESSED})
    def process(self, request: HubRequest, message_id: UUID) -> Response:
        """Make the call that it asks for; refused again, it stays parked with the new reason."""
        done = parked.process_again(message_id=message_id, actor=request.caller.owner)
        return Response(shapes.processed(done))

    @extend_schema(request=None, responses={204: None})
    def discard(self, request: HubRequest, message_id: UUID) -> Response:
        """Remove it and what it holds, for good."""
        parked.discard(message_id=message_id, actor=request.caller.owner)
        return Response(status=204)

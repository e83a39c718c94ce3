"""`/event-types`: what may be published, each type with the JSON Schema of its data."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.views import HubView
from integration_hub.events.api import openapi
from integration_hub.events.catalog import schema_of, title_of
from integration_hub.events.choices import EventType
from integration_hub.lib.errors import NotFound
from integration_hub.lib.near import near_names


@extend_schema(tags=["events"])
class EventTypesView(HubView):
    required_scopes = {"GET": ("read", "execute")}

    @extend_schema(operation_id="event_types_list", responses=openapi.EVENT_TYPES)
    def get(self, request: Request) -> Response:
        """Every type of event."""
        return Response({"results": [_shown(kind) for kind in EventType]})


@extend_schema(tags=["events"])
class EventTypeView(HubView):
    required_scopes = {"GET": ("read", "execute")}
    problems = {"GET": (NotFound,)}

    @extend_schema(responses=openapi.EVENT_TYPE)
    def get(self, request: Request, name: str) -> Response:
        """One type, with the JSON Schema of a whole event."""
        if name not in EventType.values:
            near = near_names(name, EventType.values)
            raise NotFound(f"No event is of type {name}.", suggestions=near)
        return Response(_shown(EventType(name)))


def _shown(kind: EventType) -> dict[str, Any]:
    return {"type": kind.value, "description": title_of(kind), "schema": schema_of(kind)}

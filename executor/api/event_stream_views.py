"""`GET /events/stream`: events as server-sent events, on as many threads as may wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.renderers import BaseRenderer

from executor.api import waiting
from executor.api.filters import as_uuid
from integration_hub.access.caller import Caller
from integration_hub.access.services import caller_of_token, caller_of_user
from integration_hub.api.filters import check_parameters
from integration_hub.api.pagination import bad_parameter
from integration_hub.api.renderers import JSONRenderer
from integration_hub.api.request import HubRequest
from integration_hub.api.schema import response_example
from integration_hub.api.views import HubView
from integration_hub.events import filters, following
from integration_hub.events.models import Event
from integration_hub.events.visibility import visible_events
from integration_hub.lib import clock, log
from integration_hub.lib.errors import HubError, ServiceUnavailable, Unauthenticated
from integration_hub.lib.schema import compile_schema

LAST = "Last-Event-ID"
RETRY_AFTER_S = 10
RECHECK_S = 5.0
_PARAMETERS = ("types", "subjects", "labels", "last_event_id")
_MOST_CHARACTERS = 4_000
_logger = log.get(__name__)


class EventStreamRenderer(BaseRenderer):
    """Lets `Accept: text/event-stream` pass; the view writes the stream itself."""

    media_type, format, charset = "text/event-stream", "sse", None

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        return JSONRenderer().render(data)


@extend_schema(tags=["events"])
class EventStreamView(HubView):
    required_scopes = {"GET": "read"}
    problems = {"GET": (ServiceUnavailable,)}
    renderer_classes = [EventStreamRenderer, JSONRenderer]

    @extend_schema(
        operation_id="events_stream",
        parameters=[
            OpenApiParameter(
                "types", str, description="Types, with commas between; * as in sinks."
            ),
            OpenApiParameter("subjects", str, description="Subjects, likewise."),
            OpenApiParameter(
                "labels", str, description="`name:value`, likewise; all must be there."
            ),
            OpenApiParameter(
                LAST, OpenApiTypes.UUID, OpenApiParameter.HEADER, description="Go on behind it."
            ),
            OpenApiParameter(
                "last_event_id",
                OpenApiTypes.UUID,
                description="The same for who cannot set a header; the header wins.",
            ),
        ],
        responses={
            (200, "text/event-stream"): OpenApiResponse(
                OpenApiTypes.STR,
                "CloudEvents, one an event; a comment every 15 seconds. It ends after 5 minutes.",
                [response_example(": still here\n\n")],
            )
        },
    )
    def get(self, request: HubRequest) -> StreamingHttpResponse:
        """Events of instances that the token sees, as they happen.

        At least once: within the 5 seconds before `Last-Event-ID` one may come again.
        """
        check_parameters(request, frozenset(_PARAMETERS))
        wanted = _filters_of(request)
        place = _place_of(request)
        seat = waiting.Seat()
        if not seat.taken:
            raise ServiceUnavailable(
                "Too many streams are open; ask again when one has ended.",
                retry_after=RETRY_AFTER_S,
            )
        lines = following.follow(
            rows=_Rights(request).rows, filters=wanted, place=place, is_over=waiting.is_ending
        )
        response = StreamingHttpResponse(
            waiting.Seated(_until_broken(lines), seat), content_type="text/event-stream"
        )
        response["Cache-Control"] = "no-store"
        response["X-Accel-Buffering"] = "no"  # nginx would gather what has to leave at once
        return response


class _Rights:
    """What the listener may see, asked anew every RECHECK_S: an ended token hears no more."""

    def __init__(self, request: HubRequest) -> None:
        self._caller = request.caller
        self._next_at = clock.monotonic() + RECHECK_S

    def rows(self) -> QuerySet[Event]:
        if clock.monotonic() >= self._next_at:
            self._next_at = clock.monotonic() + RECHECK_S
            self._caller = self._again()
        return visible_events(self._caller)

    def _again(self) -> Caller:
        kind, _, key = self._caller.owner.partition(":")
        if kind == "token":
            found = caller_of_token(key)
        else:
            found = caller_of_user(get_user_model()._default_manager.get(pk=key))
        if found is None or not found.can("read"):
            raise Unauthenticated("The token of this stream has ended.")
        return found


def _until_broken(lines: Iterator[bytes]) -> Iterator[bytes]:
    """An end is all that can be said in the middle of a stream; the listener comes back."""
    try:
        yield from lines
    except (DatabaseError, ObjectDoesNotExist, HubError) as error:
        _logger.info("event_stream_ended", error=type(error).__name__)


def _filters_of(request: HubRequest) -> dict[str, Any]:
    given: dict[str, Any] = {name: _list_of(request, name) for name in ("types", "subjects")}
    pairs = [text.partition(":") for text in _list_of(request, "labels")]
    if any(not mark for _, mark, _ in pairs):
        raise bad_parameter("labels", "takes name:value, with commas between")
    given["labels"] = {name: value for name, _, value in pairs}
    faults = compile_schema(filters.SCHEMA).faults(given)
    if faults:
        name = faults[0].pointer.split("/")[1]
        raise bad_parameter(name, faults[0].detail.rstrip("."))
    return given


def _list_of(request: HubRequest, name: str) -> list[str]:
    text = request.query_params.get(name, "")
    if len(text) > _MOST_CHARACTERS:
        raise bad_parameter(name, f"takes at most {_MOST_CHARACTERS} characters")
    return [part.strip() for part in text.split(",") if part.strip()]


def _place_of(request: HubRequest) -> following.Place:
    text = request.headers.get(LAST) or request.query_params.get("last_event_id", "")
    if not text:
        return following.start(None)
    key = as_uuid(text)
    try:
        if key is not None:
            return following.start(key)
    except (ValueError, OverflowError):
        pass  # a time beyond the calendar: said below
    raise bad_parameter("last_event_id", "is no id of an event")

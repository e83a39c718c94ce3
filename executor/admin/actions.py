"""What people may do with the executions that they chose in the list."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from executor import replaying, selectors, services
from executor.api import streams
from executor.choices import Mode
from executor.querysets import ExecutionQuerySet
from integration_hub.access.caller import Caller
from integration_hub.access.person import caller_of
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import HubError, ServiceUnavailable

AT_ONCE = 1_000


@admin.action(description="Replay in the background", permissions=["execute"])
def replay_chosen(model_admin: Any, request: HttpRequest, chosen: QuerySet[Any]) -> None:
    """Queue those that ended again; one whose outcome is unknown is replayed on REST alone."""
    caller = caller_of(request)
    reply = replaying.replay_many(
        caller=caller,
        rows=_visible(caller, chosen),
        limit=AT_ONCE,
        again=replaying.Again(mode=Mode.ASYNC),
    )
    results = jsonsafe.loads(reply.body)["results"]
    refused = [item["error"] for item in results if "error" in item]
    _tell(model_admin, request, f"{len(results) - len(refused)} replayed", refused)


@admin.action(description="Cancel", permissions=["execute"])
def cancel_chosen(model_admin: Any, request: HttpRequest, chosen: QuerySet[Any]) -> None:
    """What waits is never sent, what runs ends within 5 seconds."""
    caller, done, refused = caller_of(request), 0, []
    for row in _visible(caller, chosen).active()[:AT_ONCE]:
        try:
            services.cancel(caller=caller, execution=row)
            done += 1
        except HubError as error:
            refused.append({"detail": error.detail})
    _tell(model_admin, request, f"{done} cancelled or told to end", refused)


@admin.action(description="Export as CSV", permissions=["view"])
def export_chosen(
    model_admin: Any, request: HttpRequest, chosen: QuerySet[Any]
) -> StreamingHttpResponse | None:
    """A stream takes one of the threads that REST's streams and long polls take."""
    try:
        return streams.log_as("csv", cast("ExecutionQuerySet", chosen))
    except ServiceUnavailable as error:
        model_admin.message_user(request, error.detail, messages.WARNING)
        return None


def _visible(caller: Caller, chosen: QuerySet[Any]) -> ExecutionQuerySet:
    keys = list(chosen.order_by("-id").values_list("pk", flat=True)[:AT_ONCE])
    return selectors.visible(caller).filter(pk__in=keys)


def _tell(model_admin: Any, request: HttpRequest, done: str, refused: list[Any]) -> None:
    model_admin.message_user(request, f"{done}.", messages.SUCCESS)
    if refused:
        told = f"{len(refused)} refused. The first: {refused[0]['detail']}"
        model_admin.message_user(request, told, messages.WARNING)

"""`/webhooks`: what came in; `/instances/{ref}/webhook-secrets`: what it is verified with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django_filters import CharFilter, ChoiceFilter
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from executor.api import envelope
from executor.inbound import again, secrets, selectors
from executor.inbound.api import shapes
from executor.inbound.choices import HookStatus
from executor.inbound.models import HookSecret, ReceivedHook
from integration_hub.api.filters import CreatedFilterSet, KnownParameters, StrictFilterBackend
from integration_hub.api.pagination import IdCursorPagination
from integration_hub.api.request import HubRequest
from integration_hub.api.schema import request_example
from integration_hub.api.views import HubView, HubViewSet
from integration_hub.lib.errors import (
    Conflict,
    Fault,
    InstanceNotFound,
    NotFound,
    PayloadPurged,
    ValidationFailed,
)
from registry.selectors import get_instance

# Sentences of the schema validator may quote what they judge: a secret is judged elsewhere.
_JUDGED = shapes.SECRET_BODY | {"properties": shapes.SECRET_BODY["properties"] | {"secret": {}}}
_EXAMPLES = [
    request_example({}, "A new secret, made here"),
    request_example({"secret": {"ref": "env:ACME_WEBHOOK_SECRET"}}, "One that is looked up"),
]


class HookFilterSet(CreatedFilterSet):
    instance = CharFilter(field_name="instance_slug")
    event_type = CharFilter()
    event_id = CharFilter()
    status = ChoiceFilter(choices=HookStatus.choices)


@extend_schema(tags=["webhooks"])
class WebhookViewSet(HubViewSet):
    """Webhooks that were taken, newest first. What could not be believed is in none."""

    required_scopes = {
        "list": "read",
        "retrieve": "read",
        "process": "manage",
        "discard": "manage",
    }
    problems = {
        "retrieve": (NotFound,),
        "process": (NotFound, InstanceNotFound, Conflict, PayloadPurged),
        "discard": (NotFound, Conflict),
    }
    queryset = ReceivedHook.objects.none()
    pagination_class = IdCursorPagination
    filter_backends = (KnownParameters, StrictFilterBackend)
    filterset_class = HookFilterSet

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.visible(self.request.caller)

    @extend_schema(responses=shapes.SUMMARY)
    def list(self, request: HubRequest) -> Response:
        """Without headers and bodies."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([shapes.summary(row) for row in page or ()])

    @extend_schema(responses=shapes.DETAIL)
    def retrieve(self, request: HubRequest, webhook_id: UUID) -> Response:
        """One, with its headers and body as they may be shown."""
        return Response(shapes.detail(selectors.get(webhook_id, request.caller)))

    @extend_schema(request=None, responses={200: shapes.DETAIL})
    def process(self, request: HubRequest, webhook_id: UUID) -> Response:
        """Set off its event and its call once more, as the definition says today."""
        row = selectors.get(webhook_id, request.caller)
        again.process_again(hook_id=row.pk, actor=request.caller.owner)
        return Response(shapes.detail(selectors.get(webhook_id, request.caller)))

    @extend_schema(request=None, responses={200: shapes.DETAIL})
    def discard(self, request: HubRequest, webhook_id: UUID) -> Response:
        """Give a failed one up: its body and headers are gone, that it came is still known."""
        row = selectors.get(webhook_id, request.caller)
        again.discard(hook_id=row.pk, actor=request.caller.owner)
        return Response(shapes.detail(selectors.get(webhook_id, request.caller)))


@extend_schema(tags=["webhooks"])
class HookSecretsView(HubView):
    required_scopes = {"GET": "read", "POST": "manage"}
    problems = {
        "GET": (InstanceNotFound,),
        "POST": (InstanceNotFound, ValidationFailed, Conflict),
    }

    @extend_schema(operation_id="webhook_secrets_list", responses=shapes.SECRETS)
    def get(self, request: HubRequest, ref: str) -> Response:
        """The secrets by their hints; never their texts."""
        instance = get_instance(ref, request.caller)
        found = HookSecret.objects.filter(instance=instance).defer("secret")
        return Response({"results": [shapes.secret(row) for row in found[: secrets.MOST]]})

    @extend_schema(
        operation_id="webhook_secrets_create",
        request=shapes.SECRET_BODY,
        responses={201: shapes.SECRET_MADE},
        examples=_EXAMPLES,
    )
    def post(self, request: HubRequest, ref: str) -> Response:
        """Add one; those before stay in force until they end or are removed."""
        body: Any = request.data
        envelope.check(body, _JUDGED)
        row, made = secrets.add_secret(
            instance=get_instance(ref, request.caller),
            actor=request.caller.owner,
            secret=body.get("secret"),
            kind=body.get("kind", "signing"),
            expires_at=_time_of(body),
        )
        shown = shapes.secret(row)
        return Response(shown | ({"secret": made} if made else {}), status=201)


@extend_schema(tags=["webhooks"])
class HookSecretView(HubView):
    required_scopes = {"DELETE": "manage"}
    problems = {"DELETE": (InstanceNotFound, NotFound)}

    @extend_schema(operation_id="webhook_secrets_delete", responses={204: None})
    def delete(self, request: HubRequest, ref: str, secret_id: UUID) -> Response:
        """Remove one: it verifies nothing any more."""
        instance = get_instance(ref, request.caller)
        secrets.remove_secret(instance=instance, secret_id=secret_id, actor=request.caller.owner)
        return Response(status=204)


def _time_of(body: dict[str, Any]) -> datetime | None:
    text = body.get("expires_at")
    if text is None:
        return None
    try:
        found = parse_datetime(text)
        if found is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # a leap second, or a year that the calendar has not: said below
    fault = Fault("/expires_at", "is no time that can come.", "FORMAT")
    raise ValidationFailed("The body is wrong in 1 place(s).", errors=[fault])

"""What is done to a credential by calling with it: tested, rotated."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from credentials.api import shapes
from credentials.rotation import DEFAULT_GRACE_SECONDS, MAX_GRACE_SECONDS
from credentials.selectors import view_of
from executor import credential_rotation
from executor.api import docs, envelope
from executor.credential_tests import asking
from integration_hub.api.etag import etag_of
from integration_hub.api.request import HubRequest
from integration_hub.api.schema import request_example
from integration_hub.api.views import HubView
from integration_hub.lib.clock import rfc3339
from integration_hub.lib.errors import (
    AuthFailed,
    Conflict,
    ConnectionFailed,
    InstanceNotFound,
    InstanceNotReady,
    NotFound,
    TimedOut,
    ValidationFailed,
)

ROTATE_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "data": {
            "type": "object",
            "description": "As for PUT; a member sent as `***` stays as it is.",
        },
        "grace_seconds": {
            "type": "integer",
            "minimum": 0,
            "maximum": MAX_GRACE_SECONDS,
            "default": DEFAULT_GRACE_SECONDS,
            "description": "How long the old secret is used where the new one is refused (401).",
        },
    },
    "additionalProperties": False,
}
ROTATED: dict[str, Any] = {
    **shapes.CREDENTIAL,
    "required": [*shapes.CREDENTIAL["required"], "verified", "previous_until"],
    "properties": {
        **shapes.CREDENTIAL["properties"],
        "verified": {
            "type": "boolean",
            "description": "Whether a call succeeded with it; false without a health_check method.",
        },
        "previous_until": {"type": ["string", "null"], "format": "date-time"},
    },
}


@extend_schema(tags=["credentials"])
class CredentialTestView(HubView):
    required_scopes = {"POST": ("credentials", "manage")}
    problems = {"POST": docs.INSTANCE_PROBLEMS}

    @extend_schema(**{**docs.CONNECTION_TEST, "operation_id": "credentials_test"})
    def post(self, request: HubRequest, ref: str) -> Response:
        """Test a credential step by step, from the config to a real call of the health method.

        A worker runs it, since workers make the calls; 503 when none takes it.
        """
        envelope.check(request.data, docs.EMPTY_BODY)
        return Response(asking.ask(caller=request.caller, instance_ref=ref))


@extend_schema(tags=["credentials"])
class CredentialRotateView(HubView):
    required_scopes = {"POST": ("credentials", "manage")}
    problems = {
        "POST": (
            *(InstanceNotFound, NotFound, ValidationFailed, Conflict, InstanceNotReady),
            *(AuthFailed, ConnectionFailed, TimedOut),
        )
    }

    @extend_schema(
        operation_id="credentials_rotate",
        request={"application/json": ROTATE_BODY},
        responses={200: ROTATED},
        examples=[
            request_example(
                {"data": {"token": "<new token>"}, "grace_seconds": 3600}, "A new token"
            )
        ],
    )
    def post(self, request: HubRequest, ref: str) -> Response:
        """Put a new secret in force once it was tried; a refused one changes nothing."""
        body: Any = request.data
        envelope.check(body, ROTATE_BODY)
        done = credential_rotation.rotate(
            caller=request.caller,
            instance_ref=ref,
            data=body["data"],
            grace_seconds=body.get("grace_seconds", DEFAULT_GRACE_SECONDS),
        )
        until = done.row.previous_until
        told = {
            **shapes.credential(view_of(done.row, done.instance.slug)),
            "verified": done.verified,
            "previous_until": rfc3339(until) if until else None,
        }
        return Response(told, headers={"ETag": etag_of(done.row)})

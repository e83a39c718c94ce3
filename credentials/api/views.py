"""`/instances/{ref}/credentials`: written here, never read back."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from credentials.api import shapes
from credentials.api.body import read_body
from credentials.models import Credential
from credentials.renewing import refresh_credential
from credentials.selectors import get_credential, view_of
from credentials.services import delete_credential, put_credential
from integration_hub.api.etag import check_if_match, etag_of
from integration_hub.api.schema import request_example, response_example
from integration_hub.api.views import HubView
from integration_hub.lib.errors import (
    AuthFailed,
    Conflict,
    InstanceNotFound,
    NotFound,
    PreconditionFailed,
    TargetForbidden,
    TimedOut,
    ValidationFailed,
)
from registry.api.openapi import IF_MATCH
from registry.models import Instance
from registry.selectors import get_instance

_EXAMPLES = [
    request_example({"type": "bearer", "data": {"token": "<token>"}}, "A bearer token"),
    request_example({"type": "api_key", "data": {"key": "<key>"}, "auth": "key"}, "An API key"),
    request_example(
        {"type": "bearer", "data": {"token": {"ref": "vault:acme/production#token"}}},
        "A token that is looked up, not stored",
    ),
    request_example(
        {"type": "basic", "data": {"username": "hub", "password": "***"}},
        "Another user name, the password unchanged",
    ),
]


@extend_schema(tags=["credentials"])
class CredentialsView(HubView):
    """The one credential of an instance."""

    required_scopes = {
        "GET": ("credentials", "read"),
        "PUT": ("credentials", "manage"),
        "DELETE": ("credentials", "manage"),
    }
    problems = {
        "GET": (InstanceNotFound, NotFound),
        "PUT": (InstanceNotFound, ValidationFailed, PreconditionFailed),
        "DELETE": (InstanceNotFound, NotFound, PreconditionFailed),
    }

    @extend_schema(operation_id="credentials_retrieve", responses=shapes.CREDENTIAL)
    def get(self, request: Request, ref: str) -> Response:
        """Type, status, expiry and a masked hint; never the secret."""
        instance = get_instance(ref, self.request.caller)
        return _answer(get_credential(instance), instance)

    @extend_schema(
        operation_id="credentials_put",
        request=shapes.put_schema(),
        responses={200: shapes.CREDENTIAL, 201: shapes.CREDENTIAL},
        parameters=[IF_MATCH],
        examples=_EXAMPLES,
    )
    def put(self, request: Request, ref: str) -> Response:
        """Store the credential (201), or replace the one there is (200).

        `auth` names the definition's `auth` entry; default: the one of this type. A
        member sent as `***` stays as it is.
        """
        instance = get_instance(ref, self.request.caller)
        before = Credential.objects.filter(instance=instance).first()
        stored = shapes.credential(view_of(before, instance.slug)) if before else None
        body = read_body(request.data, stored)
        row = put_credential(
            instance=instance,
            type=body.type,
            data=body.data,
            auth_id=body.auth,
            expires_at=body.expires_at,
            caller=self.request.caller,
            precondition=lambda found: check_if_match(request, found),
        )
        return _answer(row, instance, 201 if row.revision == 1 else 200)

    @extend_schema(operation_id="credentials_delete", responses={204: None}, parameters=[IF_MATCH])
    def delete(self, request: Request, ref: str) -> Response:
        """Forget the credential. An instance that needs one is `pending_authentication` again."""
        instance = get_instance(ref, self.request.caller)
        delete_credential(
            instance=instance,
            caller=self.request.caller,
            precondition=lambda found: check_if_match(request, found),
        )
        return Response(status=204)


@extend_schema(tags=["credentials"])
class RefreshView(HubView):
    """Renewing on demand what is renewed by itself before its end."""

    required_scopes = {"POST": ("credentials", "manage")}
    problems = {
        "POST": (InstanceNotFound, NotFound, Conflict, AuthFailed, TargetForbidden, TimedOut)
    }

    @extend_schema(
        operation_id="credentials_refresh",
        request=None,
        responses=shapes.CREDENTIAL,
        examples=[response_example(shapes.REFRESHED_EXAMPLE, "A new token")],
    )
    def post(self, request: Request, ref: str) -> Response:
        """Acquire a new token or session now, whether it is due or not.

        409 where only a person can renew it; 502 with a `reason` where the other side
        gave nothing.
        """
        instance = get_instance(ref, self.request.caller)
        row = refresh_credential(instance=instance, caller=self.request.caller)
        return _answer(row, instance)


def _answer(row: Credential, instance: Instance, status: int = 200) -> Response:
    described = shapes.credential(view_of(row, instance.slug))
    return Response(described, status=status, headers={"ETag": etag_of(row)})

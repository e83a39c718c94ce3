"""`/instances/{ref}/oauth2/…`: connecting by a person's consent, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from credentials.api import oauth2_shapes as shapes
from credentials.api import shapes as credential_shapes
from credentials.api.members import Kind, read_members
from credentials.choices import FlowVia
from credentials.oauth2 import browser, links
from credentials.oauth2.answer import MEMBERS, read_answer
from credentials.oauth2.finish import find_flow, finish_flow
from credentials.oauth2.start import start_flow
from credentials.oauth2.visitor import Visitor
from credentials.selectors import view_of
from integration_hub.api.schema import request_example, response_example
from integration_hub.api.views import HubView
from integration_hub.lib.clock import rfc3339
from integration_hub.lib.errors import (
    AuthFailed,
    Forbidden,
    InstanceNotFound,
    TargetForbidden,
    ValidationFailed,
)
from registry.selectors import get_instance

WRITERS = ("credentials", "manage")
_START = {"auth": (str, 80), "client_id": (str, 1_000), "client_secret": (str, 4_000),
          "scope": (str, 4_000)}  # fmt: skip
_LINK: Mapping[str, Kind] = {"auth": (str, 80), "expires_in": int}


@extend_schema(tags=["credentials"])
class StartView(HubView):
    """The first step of a connection."""

    required_scopes = {"POST": WRITERS}
    problems = {"POST": (InstanceNotFound, ValidationFailed, TargetForbidden)}

    @extend_schema(
        operation_id="oauth2_start",
        request=shapes.START_BODY,
        responses=shapes.STARTED,
        examples=[
            request_example({}, "With the client that is stored"),
            request_example(
                {"client_id": "<id>", "client_secret": "<secret>", "scope": "contacts.read"},
                "With a client of its own",
            ),
            response_example(shapes.STARTED_EXAMPLE),
        ],
    )
    def post(self, request: Request, ref: str) -> Response:
        """Where to send a person, who consents there; PKCE with S256 always.

        The state is good for ten minutes, for one answer, and for whoever began. The
        browser comes back to `/oauth2/callback`, which finishes the connection; a
        program that catches the answer itself posts it to `…/oauth2/callback`.
        """
        caller = self.request.caller
        instance = get_instance(ref, caller)
        body = read_members(request.data, _START)
        client = {str(k): v for k, v in body.items() if k in ("client_id", "client_secret")}
        started = start_flow(
            instance=instance,
            caller=caller,
            via=FlowVia.API,
            auth_id=body.get("auth"),
            client=client,
            scope=body.get("scope"),
            in_browser=caller.owner.startswith("user:"),
        )
        answer = Response(
            {
                "authorization_url": started.authorization_url,
                "state": started.state,
                "expires_at": rfc3339(started.expires_at),
            },
            headers={"Cache-Control": "no-store"},
        )
        browser.remember(answer, started)
        return answer


@extend_schema(tags=["credentials"])
class CallbackView(HubView):
    """The last step of a connection, for who caught the answer."""

    required_scopes = {"POST": WRITERS}
    problems = {"POST": (InstanceNotFound, ValidationFailed, Forbidden, AuthFailed)}

    @extend_schema(
        operation_id="oauth2_callback",
        request=shapes.CALLBACK_BODY,
        responses=credential_shapes.CREDENTIAL,
        examples=[
            request_example({"code": "<code>", "state": "<state>"}, "What the address held"),
            request_example(
                {"code": "<code>", "state": "<state>", "iss": "https://login.acme.example"},
                "With the issuer (RFC 9207)",
            ),
        ],
    )
    def post(self, request: Request, ref: str) -> Response:
        """Exchange the code, once, and store what was granted as `PUT …/credentials` would.

        Send every member that the answer had. `status_reason` tells when less was
        granted than was asked for.
        """
        instance = get_instance(ref, self.request.caller)
        body = read_members(request.data, {name: (str, most) for name, most in MEMBERS.items()})
        answer = read_answer({name: [value] for name, value in body.items()})
        done = finish_flow(
            flow=find_flow(answer),
            answer=answer,
            visitor=Visitor(self.request.caller),
            instance=instance,
        )
        shown = view_of(done.credential, instance.slug)
        return Response(credential_shapes.credential(shown))


@extend_schema(tags=["credentials"])
class LinksView(HubView):
    """Connect links of one instance."""

    required_scopes = {"POST": WRITERS, "DELETE": WRITERS}
    problems = {"POST": (InstanceNotFound, ValidationFailed), "DELETE": (InstanceNotFound,)}

    @extend_schema(
        operation_id="oauth2_link_create",
        request=shapes.LINK_BODY,
        responses={201: shapes.LINK},
        examples=[
            request_example({"expires_in": 86_400}, "For a day"),
            response_example(shapes.LINK_EXAMPLE, status=201),
        ],
    )
    def post(self, request: Request, ref: str) -> Response:
        """An address by which someone without an account connects this instance, once.

        Whoever has the address can use it: send it to one person. It is shown now or never.
        """
        caller = self.request.caller
        instance = get_instance(ref, caller)
        body: dict[str, Any] = read_members(request.data, _LINK)
        link, url = links.create_link(
            instance=instance,
            caller=caller,
            auth_id=body.get("auth"),
            expires_in=body.get("expires_in", links.DEFAULT_SECONDS),
        )
        shown = {"id": str(link.pk), "url": url, "expires_at": rfc3339(link.expires_at)}
        return Response(shown, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(operation_id="oauth2_link_revoke", responses={204: None})
    def delete(self, request: Request, ref: str) -> Response:
        """End every open connect link of this instance at once."""
        caller = self.request.caller
        links.revoke_links(instance=get_instance(ref, caller), caller=caller)
        return Response(status=204)

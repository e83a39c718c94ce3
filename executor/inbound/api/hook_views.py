"""`/hooks/{instance}`: where external systems call in. The signature is the token."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.response import Response

from executor.inbound import handshakes, receiving, secrets
from executor.inbound.api import shapes
from executor.inbound.choices import SecretKind
from executor.inbound.hook import Hook
from integration_hub.api.parsers import read_whole
from integration_hub.api.permissions import PUBLIC
from integration_hub.api.rate import parse_rate
from integration_hub.api.request import HubRequest
from integration_hub.api.views import HubView
from integration_hub.lib.errors import (
    Forbidden,
    InstanceNotFound,
    InsufficientStorage,
    PayloadTooLarge,
    RateLimitExceeded,
    ServiceUnavailable,
    Unauthenticated,
)

_SENT: dict[str, Any] = {
    "application/json": {"description": "Whatever the provider sends; judged as raw bytes."},
    "application/octet-stream": {"type": "string", "format": "binary"},
}


class TakesAnything(BaseContentNegotiation):
    """Providers say in Accept and Content-Type what they like: JSON is answered."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


@extend_schema(tags=["webhooks"])
class HookView(HubView):
    """No token is read: an Authorization header is the provider's own business."""

    required_scopes = {"POST": PUBLIC, "GET": PUBLIC, "OPTIONS": PUBLIC}
    authentication_classes = []
    content_negotiation_class = TakesAnything
    problems = {
        "POST": (
            *(Unauthenticated, InstanceNotFound, PayloadTooLarge),
            *(RateLimitExceeded, ServiceUnavailable, InsufficientStorage),
        ),
        "GET": (InstanceNotFound, Forbidden, ServiceUnavailable),
    }

    @extend_schema(operation_id="hooks_receive", request=_SENT, responses={200: shapes.TAKEN})
    def post(self, request: HubRequest, instance: str) -> Response:
        """Take a webhook: verified, kept once, and answered after the commit.

        The same event again is answered like the first, and sets off nothing.
        """
        endpoint = receiving.endpoint_of(instance)
        receipt = receiving.receive(endpoint, _hook_of(request._request))
        if receipt.challenge is not None:
            return Response({"challenge": receipt.challenge})
        return Response({"webhook_id": receipt.webhook_id, "duplicate": receipt.duplicate})

    @extend_schema(
        operation_id="hooks_handshake",
        parameters=[
            OpenApiParameter(name, str)
            for name in ("hub.mode", "hub.challenge", "hub.verify_token")
        ],
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: HubRequest, instance: str) -> HttpResponse:
        """Meta's handshake: the challenge comes back where the verify token is right."""
        endpoint = receiving.endpoint_of(instance)
        if "meta" not in endpoint.verifier.handshake:
            raise InstanceNotFound("No webhook that begins with a handshake is at this address.")
        tokens = secrets.in_force(endpoint.instance.id, SecretKind.VERIFY_TOKEN)
        challenge = handshakes.meta_challenge(request.query_params, tokens)
        answer = HttpResponse(challenge, content_type="text/plain; charset=utf-8")
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Cache-Control"] = "no-store"
        return answer

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """CloudEvents' handshake, where the definition has it; else only `Allow`."""
        origin = request.headers.get(handshakes.ORIGIN, "")
        if not origin:
            return super().options(request, *args, **kwargs)
        endpoint = receiving.endpoint_of(kwargs["instance"])
        if "cloudevents" not in endpoint.verifier.handshake:
            raise InstanceNotFound("No webhook that begins with a handshake is at this address.")
        headers = handshakes.cloudevents_leave(origin, _per_minute())
        return Response(status=200, headers=headers)


def _hook_of(request: HttpRequest) -> Hook:
    return Hook(
        body=read_whole(request, request),
        headers={name.lower(): str(value) for name, value in request.headers.items()},
        url=settings.HUB_PUBLIC_URL + request.get_full_path(),
    )


def _per_minute() -> int | None:
    limits = parse_rate(settings.HUB_WEBHOOK_RATE, "HUB_WEBHOOK_RATE", whole=True)
    return None if limits is None else max(1, int(limits.requests * 60 / limits.per_seconds))

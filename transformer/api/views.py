"""`/transforms/preview` and `/convert`: shaping documents without calling anyone."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.filters import check_parameters
from integration_hub.api.views import HubView
from integration_hub.lib.errors import (
    Fault,
    TransformFailed,
    UnsupportedMediaType,
    ValidationFailed,
)
from integration_hub.lib.schema import compile_schema
from transformer import codec
from transformer.api import openapi
from transformer.api.parsers import AnyNegotiation, AnyRenderer, RawBody, RawParser
from transformer.preview import preview


@extend_schema(tags=["transforms"])
class PreviewView(HubView):
    """A transform tried on a sample. Nothing is stored and nobody is called."""

    required_scopes = {"POST": "read"}
    problems = {"POST": (ValidationFailed,)}

    @extend_schema(
        request={"application/json": openapi.PREVIEW_BODY},
        responses=openapi.PREVIEW,
        examples=[openapi.PREVIEW_EXAMPLE, openapi.PREVIEW_ANSWER],
    )
    def post(self, request: Request) -> Response:
        """Result, errors and what each rule read and wrote; 200 also when there are errors."""
        body: Any = request.data
        faults = compile_schema(openapi.PREVIEW_BODY).faults(body)
        if faults:
            raise ValidationFailed("The preview is not valid; see errors.", errors=faults)
        try:
            return Response(preview(spec=body["spec"], sample=body["input"]))
        except ValidationFailed as failed:
            inside = [Fault(f"/spec{f.pointer}", f.detail, f.code) for f in failed.errors]
            raise ValidationFailed(failed.detail, errors=inside) from failed


@extend_schema(tags=["transforms"])
class ConvertView(HubView):
    """One format to another, in the simple shapes of docs/transforms.md."""

    required_scopes = {"POST": ("execute", "read")}
    problems = {"POST": (ValidationFailed, TransformFailed)}
    query_parameters = frozenset({"to"})
    parser_classes = (RawParser,)
    renderer_classes = (AnyRenderer,)
    content_negotiation_class = AnyNegotiation

    @extend_schema(
        request=openapi.CONVERT_BODY,
        responses=openapi.CONVERTED,
        parameters=[openapi.TO],
    )
    def post(self, request: Request) -> HttpResponse:
        """The body, decoded by its Content-Type and charset, written as `to`."""
        check_parameters(request, self.query_parameters)
        kind = request.query_params.get("to", "")
        if kind not in openapi.TARGETS:
            detail = f"Takes one of {', '.join(openapi.TARGETS)}."
            raise ValidationFailed(
                f"The query parameter 'to' takes one of {', '.join(openapi.TARGETS)}.",
                errors=[Fault("/to", detail, "QUERY")],
            )
        body: Any = request.data
        sent = body if isinstance(body, RawBody) else RawBody(b"", "")
        if not codec.can_decode(sent.content_type, asked=True):
            raise UnsupportedMediaType(
                f"The content type {sent.content_type[:100]!r} cannot be converted; send one of "
                f"{', '.join(RawParser.media_types)}."
            )
        document = codec.decode(sent.content, sent.content_type, response=False, asked=True)
        content, content_type = codec.encode(kind, document)
        return HttpResponse(content, content_type=content_type)

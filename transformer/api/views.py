"""`/transforms/preview`: a transform tried on a sample."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.views import HubView
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.schema import compile_schema
from transformer.api import openapi
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

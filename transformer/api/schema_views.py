"""`/schemas/infer` and `/schemas/compare`: help with JSON Schemas, nothing stored."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.views import HubView
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.schema import compile_schema, validator_of
from integration_hub.lib.schema_infer import infer_schema
from registry.compatibility import Kind
from registry.compatibility.schemas import Direction, compare_schemas
from transformer.api import schema_openapi as openapi

MAX_CHANGES = 1_000


@extend_schema(tags=["schemas"])
class InferView(HubView):
    """A first draft of a schema."""

    required_scopes = {"POST": "read"}
    problems = {"POST": (ValidationFailed,)}

    @extend_schema(
        operation_id="schemas_infer",
        request={"application/json": openapi.INFER_BODY},
        responses=openapi.INFERRED,
        examples=[openapi.INFER_EXAMPLE, openapi.INFER_ANSWER],
    )
    def post(self, request: Request) -> Response:
        """A JSON Schema (2020-12) that every sample fits: types, required members, formats."""
        body: Any = _checked(request.data, openapi.INFER_BODY)
        return Response({"schema": infer_schema(body["samples"])})


@extend_schema(tags=["schemas"])
class CompareView(HubView):
    """What one schema takes and the other does not."""

    required_scopes = {"POST": "read"}
    problems = {"POST": (ValidationFailed,)}

    @extend_schema(
        operation_id="schemas_compare",
        request={"application/json": openapi.COMPARE_BODY},
        responses=openapi.COMPARED,
        examples=[openapi.COMPARE_EXAMPLE, openapi.COMPARE_ANSWER],
    )
    def post(self, request: Request) -> Response:
        """The changes from `old` to `new`, judged as definitions' versions are: what callers
        give (`input`) breaks when narrowed, what they are given (`output`) when widened."""
        body: Any = _checked(request.data, openapi.COMPARE_BODY)
        for name in ("old", "new"):
            _check_schema(body[name], f"/{name}")
        direction = Direction(body.get("direction", "input"))
        found = compare_schemas(body["old"], body["new"], direction=direction, base="")
        changes = [change for _, change in zip(range(MAX_CHANGES), found, strict=False)]
        breaks = any(change.kind is Kind.BREAKING for change in changes)
        verdict = Kind.BREAKING if breaks else Kind.COMPATIBLE if changes else None
        return Response(
            {
                "changes": [change.as_dict() for change in changes],
                "verdict": verdict.value if verdict else "same",
            }
        )


def _checked(body: Any, schema: dict[str, Any]) -> Any:
    faults = validator_of(schema).faults(body)
    if faults:
        raise ValidationFailed("The body is not valid; see errors.", errors=faults)
    return body


def _check_schema(schema: Any, base: str) -> None:
    try:
        compile_schema(schema)
    except ValidationFailed as failed:
        faults = [Fault(base + fault.pointer, fault.detail, fault.code) for fault in failed.errors]
        raise ValidationFailed(failed.detail, errors=faults) from None

"""The optional body `{"reason": …}` of a verb."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from integration_hub.lib.errors import ValidationFailed
from integration_hub.lib.schema import compile_schema
from registry.api import openapi


def reason_of(request: Request) -> str:
    """Empty where none is given. Raises ValidationFailed."""
    body: Any = request.data
    faults = compile_schema(openapi.REASON).faults(body)
    if faults:
        raise ValidationFailed("The body is not valid; see errors.", errors=faults)
    return str(body.get("reason", ""))

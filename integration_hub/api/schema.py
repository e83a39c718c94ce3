"""OpenAPI 3.1: every operation with its problem responses."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema


class HubSchema(AutoSchema):
    """Adds what every operation of the hub has in common."""


def describe_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    return result

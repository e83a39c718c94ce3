"""Structured values of a protocol as the JSON that an answer carries."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from django.conf import settings

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import ResponseInvalid, ResponseTooLarge
from registry.adapter import AdapterAnswer, Exchanged

MAX_DEPTH = jsonsafe.MAX_DEPTH


def json_answer(
    value: Any,
    *,
    exchange: Exchanged | None = None,
    status: int | None = None,
    said: str = "",
    headers: Mapping[str, str] | None = None,
) -> AdapterAnswer:
    """An answer whose document is `value`. Raises ResponseInvalid, ResponseTooLarge."""
    content = jsonsafe.dumps(json_value(value))
    if len(content) > settings.HUB_MAX_RESPONSE_BYTES:
        raise ResponseTooLarge(
            f"The answer is larger than the {settings.HUB_MAX_RESPONSE_BYTES} bytes that are "
            "accepted. Ask for less at once, or raise HUB_MAX_RESPONSE_BYTES."
        )
    return AdapterAnswer(
        status, content, "application/json", dict(headers or {}), exchange, said=said
    )


def json_value(value: Any, depth: int = 0) -> Any:
    """`value` as JSON has it, nothing rounded: a decimal is its text, bytes are base64,
    times are RFC 3339, a duration is seconds. Raises ResponseInvalid for anything else."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return value if value - value == 0 else str(value)  # NaN and the infinities are no JSON
    if depth > MAX_DEPTH:
        raise ResponseInvalid(f"The answer is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, Mapping):
        return {_text(str(key)): json_value(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_value(item, depth + 1) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | bytearray | memoryview):
        return b64encode(bytes(value)).decode()
    if isinstance(value, Enum):
        return json_value(value.value)
    raise ResponseInvalid(f"The answer holds a {type(value).__name__}, which JSON cannot.")


def _text(value: str) -> str:
    """JSON text has no lone surrogates; a system that sent one sent no text."""
    return value.encode("utf-8", "replace").decode("utf-8")

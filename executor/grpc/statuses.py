"""What a gRPC status says, in the words of HTTP and of the hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc

from registry.adapter import AdapterAnswer, Exchanged
from registry.adapter_values import json_answer

_Code = grpc.StatusCode

# The mapping of google.rpc.Code, but that a failed precondition is a conflict.
HTTP: Mapping[grpc.StatusCode, int] = {
    _Code.CANCELLED: 499,
    _Code.UNKNOWN: 500,
    _Code.INVALID_ARGUMENT: 400,
    _Code.DEADLINE_EXCEEDED: 504,
    _Code.NOT_FOUND: 404,
    _Code.ALREADY_EXISTS: 409,
    _Code.PERMISSION_DENIED: 403,
    _Code.UNAUTHENTICATED: 401,
    _Code.RESOURCE_EXHAUSTED: 429,
    _Code.FAILED_PRECONDITION: 409,
    _Code.ABORTED: 409,
    _Code.OUT_OF_RANGE: 400,
    _Code.UNIMPLEMENTED: 404,
    _Code.INTERNAL: 500,
    _Code.UNAVAILABLE: 503,
    _Code.DATA_LOSS: 500,
}
_PUSHBACK = "grpc-retry-pushback-ms"


def refusal(error: grpc.RpcError, exchange: Exchanged) -> AdapterAnswer:
    """A status of the server as an answer that the definition judges."""
    code: grpc.StatusCode = error.code()
    return json_answer(
        {"code": code.name, "message": error.details() or ""},
        exchange=exchange,
        status=HTTP.get(code, 500),
        said=f"answered {code.name}",
        headers=_wait(error),
    )


def _wait(error: grpc.RpcError) -> dict[str, str]:
    """How long the server asks to wait (gRFC A6); a negative number asks not to come again."""
    metadata: Any = error.trailing_metadata() or ()  # pairs, which their stubs do not know
    said = dict(metadata).get(_PUSHBACK, "")
    if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 10:
        return {"retry-after": str(-(-int(said) // 1000))}
    return {}

"""What to look at, by what failed."""

from __future__ import annotations

_BY_STATUS = {
    400: "The external system takes the request for wrong: compare it with its documentation.",
    403: "The credential is known and may not do this: ask the provider for the right.",
    404: "What the call names is not there, or base_url leads elsewhere.",
    409: "The external system is in another state than the caller thinks.",
    422: "The external system refuses the values: its answer says which.",
    429: "Its quota is spent: set rate_limit to what was agreed, or call less often.",
}
_BY_CODE = {
    "AUTH_ERROR": "Put a valid credential, or connect again; then test it.",
    "CONNECTION_ERROR": "Test the connection: the step that fails says whether name, port or TLS.",
    "TIMEOUT_ERROR": "See its health and latency; raise timeout_ms, or call in the background.",
    "RESPONSE_INVALID": "The provider may have changed its answers: see what drifted.",
    "RESPONSE_TOO_LARGE": "Ask for less, page by page, or have it stored as a file.",
    "TRANSFORM_ERROR": "The mapping does not fit the data: try it in the preview.",
    "CIRCUIT_OPEN": "Too many calls failed before: look at those, then reset the circuit.",
    "ADAPTER_ERROR": "A fault of the adapter's code: the log has the trace.",
    "INTERNAL_ERROR": "A fault of the hub: the log has the trace under the execution's id.",
    "POISON": "Running it ends its worker: see memory, and the log of the workers.",
}
_OTHERWISE = "The example has the request, the answer and the attempts."
_THEIR_FAULT = 500


def hint_for(code: str, upstream_status: int | None) -> str:
    """One sentence that says where to begin."""
    if code == "INTEGRATION_ERROR" and upstream_status is not None:
        if upstream_status >= _THEIR_FAULT:
            return "The external system fails: see its health, and ask the provider."
        return _BY_STATUS.get(upstream_status, _OTHERWISE)
    return _BY_CODE.get(code, _OTHERWISE)

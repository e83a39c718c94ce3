"""JSON-RPC 2.0: the envelope of a request, and what is in that of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.errors import ResponseInvalid

ERRORS: dict[str, Any] = {
    "type": "object",
    "propertyNames": {"pattern": "^-?(0|[1-9][0-9]{0,9})$"},
    "additionalProperties": {"type": "integer", "minimum": 400, "maximum": 599},
    "maxProperties": 200,
    "description": "The HTTP status that an error code of the system means: {'-32004': 404}.",
}
_STATUSES = {-32700: 400, -32600: 400, -32601: 404, -32602: 422, -32603: 500}
_SERVER = range(-32099, -31999)
_OWN = 422  # an application's own code says no more than that the request was understood


class Refused(Exception):
    """The answer is an error object: `status` is the HTTP status that says the same."""

    def __init__(self, error: Mapping[str, Any], status: int) -> None:
        self.error, self.status = error, status
        self.said = f"answered error {error['code']}"
        super().__init__(self.said)


def request(method: str, params: Any, number: str | None) -> dict[str, Any]:
    """A request, or a notification where it has no `number`."""
    whole: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    if params is not None:
        whole["params"] = params
    return whole if number is None else whole | {"id": number}


def result_of(document: Any, number: str, errors: Mapping[str, int]) -> Any:
    """The result. Raises Refused for an error object, ResponseInvalid for what is no answer."""
    if not isinstance(document, dict) or document.get("jsonrpc") != "2.0":
        raise ResponseInvalid("The answer is no JSON-RPC 2.0 response.")
    is_error = "error" in document
    if is_error == ("result" in document):
        raise ResponseInvalid("The answer has not exactly one of `result` and `error`.")
    # A request that could not be read is answered without its id (JSON-RPC 2.0, section 5).
    if document.get("id") != number and not (is_error and document.get("id", 0) is None):
        raise ResponseInvalid("The answer is for another request: its id is not ours.")
    if not is_error:
        return document["result"]
    error = document["error"]
    if not isinstance(error, dict) or type(error.get("code")) is not int:
        raise ResponseInvalid("The answer's error has no code.")
    raise Refused(error, _status(error["code"], errors))


def _status(code: int, errors: Mapping[str, int]) -> int:
    told = errors.get(str(code)) or _STATUSES.get(code)
    return told or (500 if code in _SERVER else _OWN)

"""The body of a batch: read strictly as a whole, each call of it by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executor.api import envelope
from executor.batching import BatchCall
from executor.calls import Reply
from executor.choices import ExecutionStatus, Mode, Priority
from integration_hub.api import problem, request_id
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault, HubError, ValidationFailed

MAX_CALLS = 1_000
_ASYNC = {"mode": Mode.ASYNC.value, "priority": Priority.BATCH.value}
"""What a call of a batch is unless it says otherwise; another mode it cannot say."""

CALL: dict[str, Any] = {
    "type": "object",
    "required": ["method"],
    "properties": {
        "instance": {
            "type": "string",
            "minLength": 1,
            "maxLength": 120,
            "pattern": envelope.PLAIN,
            "description": "Id or slug; or else `integration`.",
        },
        **envelope.BY_CONTEXT,
        "idempotency_key": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "pattern": "^[ -~]+$",
            "description": "Makes the call once: a repetition within 24 hours gets the first id.",
        },
        **envelope.OPTIONS,
        "mode": {"type": "string", "enum": [Mode.ASYNC.value], "default": Mode.ASYNC.value},
        "priority": {
            "type": "string",
            "enum": Priority.values,
            "default": Priority.BATCH.value,
        },
    },
    "additionalProperties": False,
}
_WHOLE: dict[str, Any] = {
    "type": "object",
    "required": ["calls"],
    "properties": {"calls": {"type": "array", "minItems": 1, "maxItems": MAX_CALLS}},
    "additionalProperties": False,
}
BATCH: dict[str, Any] = {
    **_WHOLE,
    "properties": {"calls": {**_WHOLE["properties"]["calls"], "items": CALL}},
}
RESULTS: dict[str, Any] = {
    "type": "object",
    "required": ["results"],
    "properties": {
        "results": {
            "type": "array",
            "description": "One for each call, in its order: an id, or an error.",
            "items": {
                "type": "object",
                "required": ["index"],
                "properties": {
                    "index": {"type": "integer", "minimum": 0},
                    "execution_id": {"type": "string", "format": "uuid"},
                    "status": {"type": "string", "enum": ExecutionStatus.values},
                    "error": {
                        "type": "object",
                        "description": "A problem document, as the call alone would have got.",
                        "additionalProperties": True,
                    },
                },
            },
        }
    },
}


def read(body: Any) -> list[BatchCall | HubError]:
    """Each call, or what is wrong with it. Raises ValidationFailed when there are none to read."""
    envelope.check(body, _WHOLE)
    return [_read_call(call) for call in body["calls"]]


def result(index: int, answer: Reply | HubError, address: str) -> dict[str, Any]:
    """One entry of `results`; pointers of its error lead into the whole body."""
    if isinstance(answer, HubError):
        error = problem.problem_body(answer, request_id.current())
        for fault in error["errors"]:
            fault["pointer"] = f"/calls/{index}{fault['pointer']}"
        return {"index": index, "error": error | {"instance": address}}
    told = jsonsafe.loads(answer.body)
    if not answer.ok:
        return {"index": index, "error": told}
    return {"index": index, "execution_id": told["execution_id"], "status": told["status"]}


def _read_call(call: Any) -> BatchCall | HubError:
    try:
        found = envelope.read({**_ASYNC, **call} if isinstance(call, dict) else call, CALL)
        _check_target(call)
    except ValidationFailed as error:
        return error
    return BatchCall(
        method=found.method,
        parameters=found.parameters,
        options=found.options,
        instance_ref=call.get("instance", ""),
        integration=found.integration,
        context=found.context or {},
        key=call.get("idempotency_key"),
        body={name: value for name, value in call.items() if name != "idempotency_key"},
    )


def _check_target(call: Mapping[str, Any]) -> None:
    """Raises ValidationFailed unless the call names one way to its instance."""
    if ("instance" in call) == ("integration" in call):
        detail = "Name either an instance or an integration."
        fault = Fault("/instance", detail, "REQUIRED" if "instance" not in call else "EXTRA")
    elif "instance" in call and "context" in call:
        detail = "A context chooses among the instances of an integration; this call names one."
        fault = Fault("/context", detail, "EXTRA")
    else:
        return
    raise ValidationFailed(detail, errors=[fault])

"""The bytes that a caller gets: made once, so that a replay can repeat them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from executor.calls import Reply
from executor.choices import ExecutionStatus
from executor.models import Execution
from integration_hub.api import problem
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Cancelled, Conflict, HubError, Poisoned

JSON = "application/json"
_ROW_ONLY = frozenset({Cancelled.code, Poisoned.code})
PATH = "/api/v1/executions/"
_NOTHING: Mapping[str, Any] = {}


def completed(execution: Execution, data: Any, notes: Mapping[str, Any] = _NOTHING) -> Reply:
    """`notes` are further members, of methods that have something to say beside their result."""
    return Reply(
        200,
        jsonsafe.dumps(
            {
                "execution_id": str(execution.pk),
                "status": ExecutionStatus.COMPLETED.value,
                "data": data,
                "attempts": execution.attempts,
                "duration_ms": execution.duration_ms,
                "cached": False,
                **notes,
            }
        ),
        {"Content-Type": JSON, **_age(notes)},
    )


def _age(notes: Mapping[str, Any]) -> dict[str, str]:
    """Of an answer from the cache (RFC 9111 §5.1)."""
    return {"Age": str(notes["age_seconds"])} if "age_seconds" in notes else {}


def accepted(execution: Execution) -> Reply:
    body = {"execution_id": str(execution.pk), "status": ExecutionStatus.QUEUED.value}
    return Reply(202, jsonsafe.dumps(body), {"Content-Type": JSON, **location(execution.pk)})


def failed(body: dict[str, Any]) -> Reply:
    """The answer for an execution's problem document."""
    if body["code"] in _ROW_ONLY:
        # These codes are an execution's, never an answer's (contract §3).
        body = body | {
            "type": problem.problem_type(Conflict.code),
            "title": Conflict.title,
            "status": Conflict.status,
            "code": Conflict.code,
        }
    headers = {"Content-Type": problem.CONTENT_TYPE}
    if body.get("retry_after") is not None:
        headers["Retry-After"] = str(body["retry_after"])
    return Reply(int(body["status"]), jsonsafe.dumps(body), headers)


def problem_of(execution: Execution, error: HubError) -> dict[str, Any]:
    """The problem document of an execution that ended with `error`."""
    error.extra["execution_id"] = str(execution.pk)
    body = problem.problem_body(error, execution.request_id)
    return body | {"instance": f"{PATH}{execution.pk}"}


def location(execution_id: UUID) -> dict[str, str]:
    return {"Location": f"{PATH}{execution_id}"}

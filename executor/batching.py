"""Many calls accepted at once: each judged by itself, their rows written together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from executor import admission, answers, idempotency, starting
from executor.calls import CallOptions, Reply
from executor.delivery.nudge import nudge
from executor.models import Execution, Payload
from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.coordination.statement import write_together
from integration_hub.lib.errors import HubError

ROWS_A_STATEMENT = 200
"""SQLite takes 32,766 values a statement, PostgreSQL 65,535; a call has about 50."""

_Rows = tuple[Execution, Payload]


@dataclass(frozen=True, slots=True)
class BatchCall:
    """One call of a batch; `body` is what its idempotency `key` is compared by."""

    method: str
    parameters: Mapping[str, Any]
    options: CallOptions
    instance_ref: str = ""
    integration: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    body: Any = None


def accept(*, caller: Caller, calls: Sequence[BatchCall | HubError]) -> list[Reply | HubError]:
    """Queue async calls; the 202 of each, or why it is refused, in their order.

    One refused call keeps no other from being accepted. A HubError among `calls`
    (one that could not be read) stays what it is. Calls with a key are written one
    by one, so that two with the same key in one batch are one execution.
    """
    caller.require("execute")
    with revision.scope():
        judged = [call if isinstance(call, HubError) else _judged(caller, call) for call in calls]
        new = [item for item in judged if isinstance(item, tuple)]
        for some in _portions(new):
            write_together(inserts=[*(row for row, _ in some), *(body for _, body in some)])
        for priority in _waking(calls):
            nudge(priority)
    return [answers.accepted(item[0]) if isinstance(item, tuple) else item for item in judged]


def _judged(caller: Caller, call: BatchCall) -> Reply | HubError | _Rows:
    """Its answer, or the rows that are still to be written."""
    try:
        if call.key is not None:
            idempotency.check_key(call.key)
        target = admission.resolve(
            caller=caller,
            instance_ref=call.instance_ref,
            integration=call.integration,
            context=call.context,
            method=call.method,
        )
        asked = starting.Asked(
            caller=caller,
            target=target,
            parameters=call.parameters,
            options=call.options,
            key=call.key,
            body=call.body,
            quiet=True,
        )
        return starting.admitted(asked) if call.key is None else starting.start(asked)
    except HubError as error:
        return error


def _waking(calls: Sequence[BatchCall | HubError]) -> list[str]:
    """The queues in which something may be due now; a hint too many is harmless."""
    options = [call.options for call in calls if isinstance(call, BatchCall)]
    return sorted({item.priority.value for item in options if item.not_before is None})


def _portions(rows: list[_Rows]) -> Iterator[list[_Rows]]:
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        yield rows[start : start + ROWS_A_STATEMENT]

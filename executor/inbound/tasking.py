"""A consumed `task.integration.execute`: a call that is accepted once, or why it never can be.

The answer is an event as for every call: `integration.method.executed` or `.failed`, whose
`correlation_id` is the task's id unless it names one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from executor import services
from executor.api import envelope
from executor.choices import Mode
from executor.inbound.models import ParkedMessage
from integration_hub.access.caller import Caller
from integration_hub.api.translate import translate
from integration_hub.coordination import rows
from integration_hub.coordination.statement import insert_unless_taken
from integration_hub.events import services as events
from integration_hub.events.choices import EventType
from integration_hub.events.models import Event
from integration_hub.lib import clock, jsonsafe, pause
from integration_hub.lib.errors import Fault, HubError, ValidationFailed
from integration_hub.lib.schema import compile_schema
from integration_hub.sealing.field import seal

TASK = "task.integration.execute"
MAX_BYTES = 10 * 1024 * 1024
OWNER = "consumer"
"""One for all consumers, so that a task is known whichever of them took it first."""

_BY_INSTANCE = envelope.EXECUTE_BY_CONTEXT | {
    "required": ["instance", "method"],
    "properties": {
        **envelope.OPTIONS,
        "instance": {"type": "string", "minLength": 1, "maxLength": 80},
        "method": envelope.EXECUTE_BY_CONTEXT["properties"]["method"],
    },
}
_ENVELOPE: Mapping[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1, "maxLength": 1_000},
        "source": {"type": "string", "minLength": 1, "maxLength": 2_000},
        "type": {"const": TASK},
        "data": {"type": "object"},
    },
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one message. With `later` it has to come again: nothing was kept."""

    execution_id: str = ""
    repeated: bool = False
    parked: str = ""
    later: str = ""
    wait_s: float = 0.0


def caller_of(instances: tuple[str, ...], contexts: tuple[str, ...]) -> Caller:
    """Who consumed tasks are called by; limited as a token may be."""
    return Caller(
        owner=OWNER,
        name="consumed events",
        scopes=frozenset({"execute"}),
        instances=frozenset(instances),
        contexts=frozenset(contexts),
    )


def take(body: bytes, *, caller: Caller, broker: str, queue: str) -> Taken:
    """Accept the call, or park the message with the reason; committed when this returns.

    The same event again (by `source` and `id`, for 24 hours) is the same call.
    """
    task: Any = None
    try:
        task = read(body)
        execution_id, repeated = accept(task, caller)
    except (HubError, OperationalError, InterfaceError) as raised:
        error = translate(raised)
        if error.retryable:
            return Taken(later=error.code, wait_s=float(error.retry_after or 1.0))
        park(body, task, error, caller=caller, broker=broker, queue=queue)
        return Taken(parked=error.code)
    pause.point("task-taken")
    return Taken(execution_id=execution_id, repeated=repeated)


def read(body: bytes) -> dict[str, Any]:
    """The event in these bytes. Raises ValidationFailed."""
    if len(body) > MAX_BYTES:
        raise ValidationFailed(f"The message is larger than {MAX_BYTES} bytes.")
    try:
        task = jsonsafe.loads(body)
    except jsonsafe.JSONFault as fault:
        raise ValidationFailed(f"The message is not acceptable JSON: {fault}.") from None
    faults = compile_schema(_ENVELOPE).faults(task)
    if faults:
        raise ValidationFailed(f"The message is no CloudEvent of type {TASK}.", errors=faults)
    return dict(task)


def accept(task: Mapping[str, Any], caller: Caller) -> tuple[str, bool]:
    """The id of the call that it asks for, and whether that was accepted before."""
    data = dict(task["data"])
    instance = data.get("instance", "")
    read = envelope.read(
        {**data, "mode": Mode.ASYNC.value},
        _BY_INSTANCE if "instance" in data else envelope.EXECUTE_BY_CONTEXT,
    )
    options = read.options
    if not options.correlation_id:
        options = replace(options, correlation_id=str(task["id"])[:200])
    reply = services.execute(
        caller=caller,
        instance_ref=instance,
        integration=read.integration,
        context=read.context,
        method=read.method,
        parameters=read.parameters,
        options=options,
        idempotency_key=key_of(task),
        body=data,
    )
    return str(jsonsafe.loads(reply.body)["execution_id"]), "Idempotency-Replayed" in reply.headers


def key_of(task: Mapping[str, Any]) -> str:
    """What CloudEvents tells two events apart by, as an idempotency key."""
    said = f"{task['source']}\n{task['id']}".encode("utf-8", "replace")
    return f"event:{hashlib.sha256(said).hexdigest()}"


def park(
    body: bytes, task: Any, error: HubError, *, caller: Caller, broker: str, queue: str
) -> None:
    """Once for equal bytes, with the event that answers whoever asked."""
    row = rows.new(
        ParkedMessage,
        digest=hashlib.sha256(queue.encode() + b"\0" + body).hexdigest(),
        broker=broker,
        queue=queue[:200],
        event_id=_plain(str(task["id"])[:255]) if task else "",
        code=error.code,
        reason=sentence_of(error),
        size=len(body),
        limits=_limits(caller),
        created_at=clock.now(),
    )
    row.raw = seal(row, "raw", body[:MAX_BYTES].decode("latin-1"))
    row.raw_key = row.raw.key_id
    with transaction.atomic():
        insert_unless_taken(row, _answers(task, error))


def _answers(task: Mapping[str, Any] | None, error: HubError) -> list[Event]:
    """`integration.method.failed` for a task of which no execution was made: none tells of it."""
    if task is None or "execution_id" in error.extra:
        return []
    data = task["data"]
    subject = data.get("instance") or data.get("integration")
    answer = events.build(
        type=EventType.METHOD_FAILED,
        subject=str(subject or "unknown")[:200],
        data={
            "execution_id": "",
            "method": str(data.get("method", ""))[:120],
            "status": "rejected",
            "code": error.code,
            "detail": error.detail,
            "retryable": False,
            "correlation_id": _plain(str(data.get("correlation_id") or task["id"])[:200]),
        },
    )
    return [answer]


def caller_again(row: ParkedMessage) -> Caller:
    """Who a parked message is made a call by: limited as the consumer was that took it."""
    limits = jsonsafe.loads(row.limits)
    return caller_of(tuple(limits.get("instances", ())), tuple(limits.get("contexts", ())))


def _limits(caller: Caller) -> str:
    limits = {"instances": sorted(caller.instances), "contexts": sorted(caller.contexts)}
    return jsonsafe.dumps_text(limits)


def sentence_of(error: HubError) -> str:
    """The error and its first faults, for people."""
    faults: tuple[Fault, ...] = tuple(error.errors)[:5]
    places = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults)
    return f"{error.detail} {places}".strip()[:1_000]


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in text)

"""What a believed hook sets off: its event, and the call of a method where the definition says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Model

from executor import admission, starting
from executor.calls import CallOptions, Target
from executor.choices import Mode, Priority
from executor.inbound.choices import HookStatus
from executor.inbound.hook import Hook
from executor.inbound.models import ReceivedHook
from executor.models import Execution
from integration_hub.access.caller import Caller
from integration_hub.events import services as events
from integration_hub.events.choices import EventType
from integration_hub.events.models import Event
from integration_hub.lib.errors import HubError, TransformFailed, ValidationFailed
from registry.runtime import RuntimeInstance
from transformer.services import compile_spec, decode_body

MAX_ERROR = 1_000
_READABLE = ("json", "x-www-form-urlencoded", "xml")


@dataclass(slots=True)
class Effects:
    """Unsaved rows beside the hook's own; `wakes` is the queue in which a call then waits."""

    status: HookStatus = HookStatus.RECEIVED
    error: str = ""
    payload: Any = None
    execution_id: UUID | None = None
    rows: list[Model] = field(default_factory=list)
    wakes: str = ""


def read_body(hook: Hook) -> tuple[Any, str]:
    """The document that the body is, or None and why it is none. Call it once it is believed."""
    if not hook.body:
        return None, "The body is empty."
    kind = hook.content_type.partition(";")[0].lower()
    if kind and not any(word in kind for word in _READABLE):
        return None, f"A body of type {kind[:100]} is kept, and not read."
    try:
        return decode_body(hook.body, hook.content_type), ""
    except HubError as error:
        return None, _sentence(error)


def effects_of(
    instance: RuntimeInstance, block: Mapping[str, Any], payload: Any, unread: str, key: str
) -> Effects:
    """Reshape the payload and judge the call that it makes. Nothing is written, nothing sent.

    `key` becomes the call's correlation id. A hook that cannot be used is `failed`, and
    why is in `error`: refusing it would only bring it back.
    """
    made = Effects(payload=payload)
    needs_document = "transform" in block or block.get("then") == "execute"
    if unread and needs_document:
        made.status, made.error = HookStatus.FAILED, unread
        return made
    try:
        if "transform" in block:
            made.payload = compile_spec(block["transform"], response=False).run(payload)
        if block.get("then") == "execute":
            _call(made, instance, block["method"], key)
    except HubError as error:
        made.status, made.error = HookStatus.FAILED, _sentence(error)
    return made


def event_of(row: ReceivedHook, made: Effects) -> Event:
    """The unsaved `integration.webhook.received`; what is too large is named in `omitted`."""
    data: dict[str, Any] = {
        "webhook_id": str(row.pk),
        "event_id": row.event_id,
        "event_type": row.event_type,
        "verifier": row.verifier,
        "signed": row.signed,
        "status": str(row.status),
        "content_type": row.content_type,
        "size": row.size,
        "execution_id": str(row.execution_id) if row.execution_id else None,
        "payload": made.payload,
    }
    if made.error:
        data["detail"] = made.error
    return events.build(type=EventType.WEBHOOK_RECEIVED, subject=row.instance_slug, data=data)


def caller_of(instance: RuntimeInstance) -> Caller:
    """Who a hook's call is made by: it may call this instance and nothing else."""
    return Caller(
        owner=f"hook:{instance.id}",
        name=f"webhook of {instance.slug}",
        scopes=frozenset({"execute"}),
        instances=frozenset({instance.slug}),
    )


def _call(made: Effects, instance: RuntimeInstance, method: str, key: str) -> None:
    if not isinstance(made.payload, dict):
        raise ValidationFailed(
            f"{method} is called with an object of parameters, and this payload is none; give the "
            "webhook a transform that makes one."
        )
    options = CallOptions(mode=Mode.ASYNC, priority=Priority.INTERACTIVE, correlation_id=key[:200])
    target = Target(instance, instance.method(method))
    asked = starting.Asked(
        caller=caller_of(instance),
        target=target,
        parameters=made.payload,
        options=options,
        key=None,
        body=made.payload,
        quiet=True,
    )
    error = admission.refusal(target, made.payload, options, asked.caller)
    if error is not None:
        made.rows = starting.rejected(asked, error)
        made.execution_id = _execution_id(made.rows)
        raise error
    made.rows = list(starting.new_rows(asked))
    made.execution_id = _execution_id(made.rows)
    made.status, made.wakes = HookStatus.QUEUED, options.priority.value


def _execution_id(rows: list[Model]) -> UUID | None:
    return next((row.pk for row in rows if isinstance(row, Execution)), None)


def _sentence(error: HubError) -> str:
    """The error as one text: it has no value of a body that its faults do not quote masked."""
    first = error.errors[0] if error.errors and isinstance(error, TransformFailed) else None
    place = f" ({first.pointer}: {first.detail})" if first is not None else ""
    return f"{error.code}: {error.detail}{place}"[:MAX_ERROR]

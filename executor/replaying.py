"""Making a call again, one or many: a new execution that names its origin.

The origin stays what it is. Its sealed parameters are used; when someone else than
their giver replays them, the replay shows that person the masked values only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from executor import answers, batching, deprecation, idempotency, payloads, selectors, starting
from executor.calls import CallOptions, Reply, Target
from executor.choices import ExecutionStatus, Mode, Priority
from executor.models import Execution, Payload
from executor.querysets import ExecutionQuerySet
from integration_hub.access.caller import Caller
from integration_hub.api import problem, request_id
from integration_hub.audit import services as audit
from integration_hub.coordination import revision
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Conflict, HubError, InstanceNotReady, NotFound
from registry import runtime
from registry.runtime import RuntimeInstance
from registry.selectors import get_definition

SAME: Final = "same"
CURRENT: Final = "current"
MANY = "executions/replay"
"""What the keys of a replay of many are for, where others have a method's name."""


@dataclass(frozen=True, slots=True)
class Again:
    """How to replay. `definition` is `same`, `current` or a version of the same definition.

    `confirm` says that a call whose outcome is unknown may be made twice.
    """

    mode: Mode | None = None
    definition: str = SAME
    confirm: bool = False

    def body(self, execution: Execution, mode: Mode) -> dict[str, Any]:
        """What an idempotency key of this replay is compared by."""
        told: dict[str, Any] = {"replay_of": str(execution.pk), "mode": mode.value}
        return told if self.definition == SAME else told | {"definition": self.definition}


def replay(*, caller: Caller, execution: Execution, again: Again, key: str | None = None) -> Reply:
    """Make the same call again.

    Raises PayloadPurged once the parameters are gone; Conflict while the first runs,
    and for an outcome that is unknown unless that is confirmed.
    """
    caller.require("execute")
    if key is not None:
        idempotency.check_key(key)
    with revision.scope():
        payload = Payload.objects.filter(pk=execution.pk).first()
        asked = _asked(caller, execution, payload, again, key=key)
        return deprecation.marked(asked.target, starting.start(asked))


@transaction.atomic
def replay_many(
    *,
    caller: Caller,
    rows: ExecutionQuerySet,
    limit: int,
    again: Again,
    key: str | None = None,
    body: Any = None,
) -> Reply:
    """Queue the final ones of `rows` again, oldest first: 202 with what became of each.

    Without `manage` only the caller's own are taken. One that cannot be replayed keeps
    no other from it. Under a `key` the whole is done once, compared by `body`.
    """
    caller.require("execute")
    record = None if key is None else idempotency.record_for_many(caller.owner, MANY, key, body)
    earlier = None if record is None else idempotency.claim(record)
    if earlier is not None:
        return earlier
    if not caller.can("manage"):
        rows = rows.filter(caller=caller.owner)
    found = list(rows.final().order_by("id")[: limit + 1])
    results = _replayed(caller, found[:limit], again)
    told = {"results": results, "more": len(found) > limit}
    reply = Reply(202, jsonsafe.dumps(told), {"Content-Type": answers.JSON})
    if record is not None:
        idempotency.keep_answer(record, reply)
        record.save(update_fields=["status_code", "body"])
    return reply


def _replayed(caller: Caller, origins: Sequence[Execution], again: Again) -> list[dict[str, Any]]:
    bodies = Payload.objects.in_bulk([origin.pk for origin in origins])
    with revision.scope():
        asked = [_attempted(caller, origin, bodies.get(origin.pk), again) for origin in origins]
        made = batching.write(asked)
    results = [_told(origin, answer) for origin, answer in zip(origins, made, strict=True)]
    audit.record(
        actor=caller.owner,
        action="execution.replayed",
        target_type="execution",
        target=f"{sum('execution_id' in item for item in results)} of {len(results)}",
        detail={"origins": [str(origin.pk) for origin in origins]},
    )
    return results


def _told(origin: Execution, answer: Reply | HubError) -> dict[str, Any]:
    told: dict[str, Any] = {"replay_of": str(origin.pk)}
    if isinstance(answer, HubError):
        return told | {"error": problem.problem_body(answer, request_id.current())}
    return told | dict(jsonsafe.loads(answer.body))


def _attempted(
    caller: Caller, origin: Execution, payload: Payload | None, again: Again
) -> starting.Asked | HubError:
    try:
        return _asked(caller, origin, payload, again, quiet=True)
    except HubError as error:
        return error


def _asked(
    caller: Caller,
    origin: Execution,
    payload: Payload | None,
    again: Again,
    *,
    key: str | None = None,
    quiet: bool = False,
) -> starting.Asked:
    selectors.require_own(origin, caller)
    instance = _instance(caller, origin, again.definition)
    target = Target(instance, instance.method(origin.method))
    _check_may_repeat(origin, target, again)
    mode = again.mode or Mode(origin.mode)
    giver = origin.values_of or origin.caller
    options = CallOptions(
        mode=mode,
        timeout_ms=origin.timeout_ms,
        max_wait_ms=origin.max_wait_ms,
        priority=Priority(origin.priority),
        correlation_id=origin.correlation_id,
        metadata=jsonsafe.loads(origin.metadata),
        replay_of=origin.pk,
        values_of=None if giver == caller.owner else giver,
    )
    return starting.Asked(
        caller=caller,
        target=target,
        parameters=payloads.open_parameters(payload),
        options=options,
        key=key,
        body=again.body(origin, mode),
        quiet=quiet,
    )


def _check_may_repeat(origin: Execution, target: Target, again: Again) -> None:
    if not origin.is_final:
        raise Conflict("The execution has not ended yet; cancel it, or wait, before a replay.")
    unknown = origin.status == ExecutionStatus.OUTCOME_UNKNOWN
    if unknown and not target.safe and not again.confirm:
        raise Conflict(
            "Whether this call took effect is not known, and it is not safe to repeat: look at the "
            'external system, then send {"confirm": true} to make it again, or note what you found '
            f"with POST /executions/{origin.pk}/resolve."
        )


def _instance(caller: Caller, origin: Execution, definition: str) -> RuntimeInstance:
    """The instance under the wanted version. `same` falls back to what it has now."""
    instance = runtime.by_ref(str(origin.instance_id), caller)
    if definition == CURRENT:
        return instance
    if definition != SAME:
        row = get_definition(f"{instance.spec.slug}@{definition}", pointer="/definition")
        return runtime.at_version(instance, row.pk)
    try:
        return runtime.at_version(instance, origin.definition_id)
    except (NotFound, InstanceNotReady):
        return instance  # archived or deleted meanwhile, or the config has moved on

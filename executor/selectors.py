"""Reading executions: only those that the caller may see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import models

from executor import answers, payloads
from executor.calls import Reply
from executor.choices import ExecutionStatus
from executor.models import Attempt, Execution, Payload, Resolution
from executor.querysets import ExecutionQuerySet
from integration_hub.access.caller import Caller
from integration_hub.coordination import behind
from integration_hub.lib import clock, ids, jsonsafe, pause
from integration_hub.lib.errors import ExecutionNotFound, Forbidden, PayloadPurged
from integration_hub.sealing.keyring import CannotOpen
from registry.models import Instance

_WRITTEN_AFTER, _LOOK_EVERY_S, _LOOKS = timedelta(milliseconds=300), 0.03, 10


def visible(caller: Caller) -> ExecutionQuerySet:
    """`read` sees those of every instance it may see, `execute` those that it started."""
    behind.flush()
    found = Execution.objects.all()
    if not caller.can("read"):
        if not caller.can("execute"):
            raise Forbidden("Reading executions needs the scope 'read' or 'execute'.")
        found = found.filter(caller=caller.owner)
    if caller.instances:
        found = found.filter(instance_slug__in=caller.instances)
    if caller.contexts:
        # Slugs have the index; a slug may have been another instance's before.
        seen = dict(Instance.objects.visible_to(caller).values_list("pk", "slug"))
        found = found.of_instances(seen).filter(instance_slug__in=seen.values())
    return found


def get(execution_id: UUID, caller: Caller) -> Execution:
    """Raises ExecutionNotFound, also for one that the caller may not see."""
    found = visible(caller).filter(pk=execution_id)
    execution = found.first() or _on_its_way(found, execution_id)
    if execution is None:
        raise not_found(str(execution_id))
    return execution


def _on_its_way(found: ExecutionQuerySet, execution_id: UUID) -> Execution | None:
    """Another web process may have answered a refusal whose row it has yet to write."""
    if not behind.is_allowed():
        return None
    for _ in range(_LOOKS):
        if not timedelta(0) <= clock.now() - ids.time_of(execution_id) < _WRITTEN_AFTER:
            return None
        pause.point("before-next-look")
        clock.sleep(_LOOK_EVERY_S)
        execution = found.first()
        if execution is not None:
            return execution
    return None


def not_found(execution_id: str) -> ExecutionNotFound:
    return ExecutionNotFound(f"There is no execution {execution_id[:64]}, or it is not yours.")


def started_by(execution: Execution, caller: Caller) -> bool:
    return execution.caller == caller.owner


def may_unmask(execution: Execution, caller: Caller) -> bool:
    """Whether the caller may see the values that are masked for others."""
    return started_by(execution, caller) and not execution.values_of


def require_own(execution: Execution, caller: Caller) -> None:
    """Raises Forbidden unless the caller started it, or may manage."""
    if not started_by(execution, caller) and not caller.can("manage"):
        raise Forbidden("Only who started an execution, or the scope 'manage', may do this.")


def parameters_of(payload: Payload | None, *, unmasked: bool) -> Any:
    """The parameters as the caller may see them; None once purged."""
    if payload is None:
        return None
    # The masked copy is what can still be shown when the other cannot be opened.
    own = payloads.own_parameters(payload) if unmasked else None
    return jsonsafe.loads(payload.parameters) if own is None else own


def data_of(payload: Payload | None, *, unmasked: bool) -> Any:
    """The result as the caller may see it; None when there is none or it was purged."""
    if payload is None or not payload.data:
        return None
    if unmasked and payload.sealed_data is not None:
        try:
            return jsonsafe.loads(payload.sealed_data.open(payload))
        except CannotOpen:
            pass
    return jsonsafe.loads(payload.data)


def attempts_of(execution: Execution) -> models.QuerySet[Attempt]:
    """Its tries in their order. Their keys are bounded too, so that old partitions are not read.

    An hour of slack: hosts differ in their clocks, and the execution's key is one host's.
    """
    oldest = ids.floor_id(ids.time_of(execution.pk) - timedelta(hours=1))
    found = Attempt.objects.filter(execution_id=execution.pk, pk__gte=oldest)
    return found.order_by("number", "id")


def resolution_of(execution: Execution) -> Resolution | None:
    """What a person noted; only an unknown outcome has such a note."""
    if execution.status != ExecutionStatus.OUTCOME_UNKNOWN:
        return None
    return Resolution.objects.filter(pk=execution.pk).first()


def reply_of(execution: Execution) -> Reply:
    """The answer of a final execution, as its own caller gets it."""
    if execution.status != ExecutionStatus.COMPLETED:
        return answers.failed(jsonsafe.loads(execution.error))
    payload = Payload.objects.filter(pk=execution.pk).first()
    if payload is None or not payload.data:
        raise PayloadPurged("The result of this execution is no longer kept.")
    notes = payloads.notes_of(payload)
    return answers.completed(execution, data_of(payload, unmasked=True), notes)


def reply_again(execution_id: UUID, status: int, body: bytes) -> Reply:
    """A stored answer with the headers that belong to it."""
    if status == 202 and execution_id.int:
        return Reply(status, body, {"Content-Type": answers.JSON, **answers.location(execution_id)})
    if status >= 400:
        return Reply(status, body, answers.failed(jsonsafe.loads(body)).headers)
    return Reply(status, body, {"Content-Type": answers.JSON})

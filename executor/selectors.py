"""Reading executions: only those that the caller may see."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from executor import answers, payloads
from executor.calls import Reply
from executor.choices import ExecutionStatus
from executor.models import Execution, Payload
from executor.querysets import ExecutionQuerySet
from integration_hub.access.caller import Caller
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import ExecutionNotFound, Forbidden, PayloadPurged
from integration_hub.sealing.keyring import CannotOpen
from registry.models import Instance


def visible(caller: Caller) -> ExecutionQuerySet:
    """`read` sees those of every instance it may see, `execute` those that it started."""
    found = Execution.objects.all()
    if not caller.can("read"):
        if not caller.can("execute"):
            raise Forbidden("Reading executions needs the scope 'read' or 'execute'.")
        found = found.filter(caller=caller.owner)
    if caller.instances:
        found = found.filter(instance_slug__in=caller.instances)
    if caller.contexts:
        found = found.of_instances(Instance.objects.visible_to(caller).values("pk"))
    return found


def get(execution_id: UUID, caller: Caller) -> Execution:
    """Raises ExecutionNotFound, also for one that the caller may not see."""
    execution = visible(caller).filter(pk=execution_id).first()
    if execution is None:
        raise not_found(str(execution_id))
    return execution


def not_found(execution_id: str) -> ExecutionNotFound:
    return ExecutionNotFound(f"There is no execution {execution_id[:64]}, or it is not yours.")


def started_by(execution: Execution, caller: Caller) -> bool:
    """Whether the caller may see the values that are masked for others."""
    return execution.caller == caller.owner


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


def reply_of(execution: Execution) -> Reply:
    """The answer of a final execution, as its own caller gets it."""
    if execution.status != ExecutionStatus.COMPLETED:
        return answers.failed(jsonsafe.loads(execution.error))
    payload = Payload.objects.filter(pk=execution.pk).first()
    if payload is None or not payload.data:
        raise PayloadPurged("The result of this execution is no longer kept.")
    return answers.completed(execution, data_of(payload, unmasked=True))


def reply_again(execution_id: UUID, status: int, body: bytes) -> Reply:
    """A stored answer with the headers that belong to it."""
    if status == 202:
        return Reply(status, body, {"Content-Type": answers.JSON, **answers.location(execution_id)})
    if status >= 400:
        return Reply(status, body, answers.failed(jsonsafe.loads(body)).headers)
    return Reply(status, body, {"Content-Type": answers.JSON})

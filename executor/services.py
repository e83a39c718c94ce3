"""Making calls, and what may be done with one afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from executor import (
    admission,
    cancelling,
    deprecation,
    idempotency,
    selectors,
    starting,
)
from executor.calls import CallOptions, Reply
from executor.choices import ExecutionStatus
from executor.models import Execution, Resolution
from integration_hub.access.caller import Caller
from integration_hub.audit import services as audit
from integration_hub.coordination import revision
from integration_hub.lib import clock, pause
from integration_hub.lib.errors import Cancelled, Conflict


def execute(
    *,
    caller: Caller,
    method: str,
    parameters: Mapping[str, Any],
    instance_ref: str = "",
    integration: str = "",
    context: Mapping[str, Any] | None = None,
    options: CallOptions | None = None,
    idempotency_key: str | None = None,
    body: Any = None,
) -> Reply:
    """Call a method: sync answers with its end, async with 202 once the row is committed.

    The instance is named by `instance_ref`, or chosen by `integration` and
    `context`. `body` is what the idempotency key is compared by (default: the
    parameters). A problem before anything was run raises its HubError; a call that
    was run and failed is a Reply too, with the problem as its body.
    """
    caller.require("execute")
    return execute_unscoped(
        caller=caller,
        method=method,
        parameters=parameters,
        instance_ref=instance_ref,
        integration=integration,
        context=context,
        options=options,
        idempotency_key=idempotency_key,
        body=body,
    )


def execute_unscoped(
    *,
    caller: Caller,
    method: str,
    parameters: Mapping[str, Any],
    instance_ref: str = "",
    integration: str = "",
    context: Mapping[str, Any] | None = None,
    options: CallOptions | None = None,
    idempotency_key: str | None = None,
    body: Any = None,
) -> Reply:
    """`execute` for who may test an instance without the scope `execute`."""
    if idempotency_key is not None:
        idempotency.check_key(idempotency_key)
    with revision.scope():
        target = admission.resolve(
            caller=caller,
            instance_ref=instance_ref,
            integration=integration,
            context=context or {},
            method=method,
        )
        asked = starting.Asked(
            caller=caller,
            target=target,
            parameters=parameters,
            options=options or CallOptions(),
            key=idempotency_key,
            body={"parameters": parameters} if body is None else body,
        )
        return deprecation.marked(target, starting.start(asked))


@transaction.atomic
def cancel(*, caller: Caller, execution: Execution) -> Execution:
    """Cancel: what waits is never sent, what runs ends at its next safe point (within 5 s).

    Raises Conflict for an execution that has ended another way.
    """
    selectors.require_own(execution, caller)
    error = Cancelled(f"Cancelled by {caller.name or caller.owner} before it was sent.")
    if cancelling.end_waiting(execution, error):
        _audit(caller, execution, "execution.cancelled")
        return execution
    running = Execution.objects.active().filter(pk=execution.pk)
    asked = running.update(cancel_requested=True)
    if asked:
        _audit(caller, execution, "execution.cancel_requested")
        pause.point("cancel-requested")
    execution.refresh_from_db()
    if asked and cancelling.end_waiting(execution, error):
        return execution  # its worker let go of it between our two looks
    if not asked and execution.status != ExecutionStatus.CANCELLED:
        raise Conflict(f"The execution has already ended: it is {execution.status}.")
    return execution


@transaction.atomic
def resolve(*, caller: Caller, execution: Execution, outcome: str, note: str) -> Resolution:
    """Note what a person found out about an unknown outcome; a later note replaces it.

    The execution keeps its final state. Raises Conflict for one that ended otherwise.
    """
    selectors.require_own(execution, caller)
    if execution.status != ExecutionStatus.OUTCOME_UNKNOWN:
        raise Conflict(f"Only an unknown outcome can be resolved: this is {execution.status}.")
    found, _ = Resolution.objects.update_or_create(
        pk=execution.pk,
        defaults={
            "outcome": outcome,
            "note": note,
            "by": (caller.name or caller.owner)[:200],
            "at": clock.now(),
        },
    )
    _audit(caller, execution, "execution.resolved", outcome=outcome, note=note)
    return found


def _audit(caller: Caller, execution: Execution, action: str, **detail: str) -> None:
    audit.record(
        actor=caller.owner,
        action=action,
        target_type="execution",
        target=str(execution.pk),
        detail={"instance": execution.instance_slug, "method": execution.method, **detail},
    )

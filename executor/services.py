"""Making calls, and what may be done with one afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from executor import admission, deprecation, idempotency, payloads, selectors, settle, starting
from executor.calls import CallOptions, Reply
from executor.choices import CLAIMABLE, ExecutionStatus, Mode, Priority
from executor.models import Execution, Payload
from integration_hub.access.caller import Caller
from integration_hub.audit import services as audit
from integration_hub.coordination import revision
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Cancelled, Conflict, Forbidden


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
    _require_own(caller, execution)
    error = Cancelled(f"Cancelled by {caller.name or caller.owner} before it was sent.")
    waiting = Execution.objects.held(execution).filter(status__in=CLAIMABLE)
    if settle.finish_where(waiting, execution, status=ExecutionStatus.CANCELLED, error=error):
        _audit(caller, execution, "execution.cancelled")
        return execution
    running = Execution.objects.active().filter(pk=execution.pk)
    asked = running.update(cancel_requested=True)
    if asked:
        _audit(caller, execution, "execution.cancel_requested")
    execution.refresh_from_db()
    if not asked and execution.status != ExecutionStatus.CANCELLED:
        raise Conflict(f"The execution has already ended: it is {execution.status}.")
    return execution


def replay(
    *, caller: Caller, execution: Execution, mode: Mode | None = None, key: str | None = None
) -> Reply:
    """Make the same call again as a new execution that names its origin.

    Raises PayloadPurged once the parameters are gone, Conflict while the first runs.
    """
    _require_own(caller, execution)
    if not execution.is_final:
        raise Conflict("The execution has not ended yet; cancel it, or wait, before a replay.")
    payload = Payload.objects.filter(pk=execution.pk).first()
    options = CallOptions(
        mode=mode or Mode(execution.mode),
        timeout_ms=execution.timeout_ms,
        max_wait_ms=execution.max_wait_ms,
        priority=Priority(execution.priority),
        correlation_id=execution.correlation_id,
        metadata=jsonsafe.loads(execution.metadata),
        replay_of=execution.pk,
    )
    return execute(
        caller=caller,
        instance_ref=str(execution.instance_id),
        method=execution.method,
        parameters=payloads.open_parameters(payload),
        options=options,
        idempotency_key=key,
        body={"replay_of": str(execution.pk), "mode": options.mode.value},
    )


def _require_own(caller: Caller, execution: Execution) -> None:
    if not selectors.started_by(execution, caller) and not caller.can("manage"):
        raise Forbidden("Only who started an execution, or the scope 'manage', may do this.")


def _audit(caller: Caller, execution: Execution, action: str) -> None:
    audit.record(
        actor=caller.owner,
        action=action,
        target_type="execution",
        target=str(execution.pk),
        detail={"instance": execution.instance_slug, "method": execution.method},
    )

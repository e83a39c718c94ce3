"""From a request to a row: admitted or rejected, queued or run (steps 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

from django.db.models import Model

from executor import (
    admission,
    answers,
    dbclock,
    entering,
    idempotency,
    news,
    payloads,
    pipeline,
    selectors,
    settle,
)
from executor.calls import CallOptions, Reply, Target
from executor.choices import ExecutionStatus, Mode
from executor.claims import ClaimLost
from executor.delivery.nudge import nudge
from executor.models import Execution, IdempotencyRecord, Payload
from executor.run import Run
from integration_hub.access.caller import Caller
from integration_hub.api import request_id
from integration_hub.coordination import behind, rows
from integration_hub.coordination.statement import insert_unless_taken, write_together
from integration_hub.lib import clock, jsonsafe, metrics, pause, tracing
from integration_hub.lib.errors import HubError, IdempotencyInProgress, ServiceUnavailable
from integration_hub.lib.ids import new_id

_A_MOMENT = timedelta(milliseconds=100)
_KEY_TRIES = 3
"""A key can be freed between our insert and our look; then it is asked for again."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to call a method, resolved but not yet judged.

    `quiet`: whoever asks hints to the workers itself, once for many.
    """

    caller: Caller
    target: Target
    parameters: Mapping[str, Any]
    options: CallOptions
    key: str | None
    body: Any
    quiet: bool = False


def start(asked: Asked) -> Reply:
    """Reject, answer from the key, queue or run."""
    error = admission.refusal(asked.target, asked.parameters, asked.options, asked.caller)
    if error is not None:
        return known_answer(asked) or _reject(asked, error)
    execution, payload = new_rows(asked)
    if asked.key is not None:
        return _under_key(asked, execution, payload)
    if _asks_first(asked, execution):
        return _sync(asked, execution, payload)
    write_together(inserts=[execution, payload])
    return _begun(asked, execution, payload, None)


def _asks_first(asked: Asked, execution: Execution) -> bool:
    """Whether it is certain that this call is sent, if it may be, while its caller waits."""
    return execution.mode == Mode.SYNC and not asked.target.method.cache_seconds


def _sync(asked: Asked, execution: Execution, payload: Payload) -> Reply:
    """Ask for leave before anything is written: a refusal is answered first, its row follows."""
    run = _run_of(asked, execution, payload)

    def insert() -> None:
        pause.point("before-insert")
        write_together(inserts=[execution, payload])

    error = entering.refused_early(run, insert)
    if error is not None:
        return _refused(execution, payload, error)
    try:
        if not entering.is_inserted(run):
            insert()
        pause.point("after-insert")
    except BaseException:
        entering.give_back(run)
        raise
    return _run(run)


def _refused(execution: Execution, payload: Payload, error: HubError) -> Reply:
    rows, problem = _rejected(execution, payload, error)
    behind.write([*rows, *news.of_limit(execution, error)])
    return answers.failed(problem)


def new_rows(asked: Asked) -> tuple[Execution, Payload]:
    """The unsaved rows of an admitted call."""
    execution = _new_execution(asked)
    return execution, payloads.for_call(execution, asked.target, asked.parameters)


def _under_key(asked: Asked, execution: Execution, payload: Payload) -> Reply:
    """The key before anything else; while its method refuses it is looked up, not taken.

    Asking for leave first would cost each replay a token.
    """
    if not _asks_first(asked, execution) or not entering.refuses_now(asked.target):
        return _with_key(asked, execution, payload)
    known = known_answer(asked)
    if known is not None:
        return known
    run = _run_of(asked, execution, payload)
    error = entering.refused_early(run)
    if error is not None:
        return _refused(execution, payload, error)
    try:
        return _with_key(asked, execution, payload, run)
    finally:
        entering.give_back(run)  # what the call has not used: the key was taken meanwhile


def _with_key(
    asked: Asked, execution: Execution, payload: Payload, run: Run | None = None
) -> Reply:
    """Insert together with the key, or answer as the first request under it was answered."""
    for _ in range(_KEY_TRIES):
        record = record_of(asked, execution)
        pause.point("before-insert")
        if insert_unless_taken(record, [execution, payload]):
            return _begun(asked, execution, payload, record, run)
        pause.point("before-find")
        earlier = idempotency.find(record)
        if earlier is not None:
            reply = _earlier(asked, earlier)
            if reply is not None:
                return reply
    raise IdempotencyInProgress(
        "Another request with this Idempotency-Key is being answered; ask again.",
        retry_after=idempotency.RETRY_AFTER_S,
    )


def _earlier(asked: Asked, earlier: idempotency.Earlier) -> Reply | None:
    """Its stored answer; or its dead call, taken over and run by this request."""
    if earlier.reply is not None:
        return earlier.reply
    execution = earlier.execution
    pause.point("before-take-over")
    if execution is None or not idempotency.take_over(execution, asked.target):
        return None
    payload = Payload.objects.filter(pk=execution.pk).first() or Payload(id=execution.pk)
    return _run(_run_of(asked, execution, payload), earlier.record)


def known_answer(asked: Asked) -> Reply | None:
    """A call that would be refused today may have an answer from when it was not."""
    if asked.key is None:
        return None
    earlier = idempotency.find(record_of(asked, Execution(id=new_id())))
    return earlier.reply if earlier is not None else None


def _begun(
    asked: Asked,
    execution: Execution,
    payload: Payload,
    record: IdempotencyRecord | None,
    run: Run | None = None,
) -> Reply:
    pause.point("after-insert")
    if execution.mode == Mode.ASYNC:
        if asked.options.not_before is None and not asked.quiet:
            nudge(str(execution.priority))
        return answers.accepted(execution)
    return _run(run or _run_of(asked, execution, payload), record)


def _run_of(asked: Asked, execution: Execution, payload: Payload) -> Run:
    fresh = asked.options.fresh
    return pipeline.sync_run(execution, payload, asked.target, asked.parameters, fresh=fresh)


def _run(run: Run, record: IdempotencyRecord | None = None) -> Reply:
    try:
        return pipeline.run_sync(run, record)
    except ClaimLost:
        return _settled_elsewhere(run.execution)


def _settled_elsewhere(execution: Execution) -> Reply:
    """Someone ended our execution while we ran it: the row is right."""
    row = Execution.objects.get(pk=execution.pk)
    if row.is_final:
        return selectors.reply_of(row)
    raise ServiceUnavailable(
        "The call outlived its lease and was handed to another process; read its execution.",
        retry_after=settle.MARGIN_S,
        retryable=False,
        extra={"execution_id": str(execution.pk)},
    )


def _reject(asked: Asked, error: HubError) -> NoReturn:
    """One final row for a call that was never made; then raise why."""
    write_together(inserts=rejected(asked, error))
    raise error


def rejected(asked: Asked, error: HubError) -> list[Model]:
    """The unsaved rows of a call that is refused, counted as such."""
    return _rejected(*new_rows(asked), error)[0]


def _rejected(
    execution: Execution, payload: Payload, error: HubError
) -> tuple[list[Model], dict[str, Any]]:
    execution.status, execution.code = ExecutionStatus.REJECTED, error.code
    execution.lease_until = execution.due_at = execution.deadline_at = None
    execution.sent = False
    execution.finished_at = execution.created_at
    execution.duration_ms = 0.0
    problem = answers.problem_of(execution, error)
    execution.error = jsonsafe.dumps_text(problem)
    slug, method = execution.instance_slug, execution.method
    metrics.executions_total.labels(slug, method, execution.status).inc()
    return [execution, payload, news.of_end(execution, problem)], problem


def record_of(asked: Asked, execution: Execution) -> IdempotencyRecord:
    """The unsaved claim of its key; an async call's answer is known and in it."""
    record = idempotency.new_record(
        owner=asked.caller.owner,
        target=asked.target,
        key=asked.key or "",
        body=asked.body,
        execution=execution,
    )
    if execution.mode == Mode.ASYNC:
        idempotency.keep_answer(record, answers.accepted(execution))
    return record


def _new_execution(asked: Asked) -> Execution:
    instance, options = asked.target.instance, asked.options
    now = clock.now()
    execution = rows.new(
        Execution,
        id=new_id(),
        mode=options.mode.value,
        priority=options.priority.value,
        instance_id=instance.id,
        instance_slug=instance.slug,
        definition_id=instance.definition_id,
        definition_ref=instance.definition_ref,
        method=asked.target.method.name,
        caller=asked.caller.owner,
        caller_name=asked.caller.name,
        correlation_id=options.correlation_id,
        request_id=request_id.current(),
        metadata=jsonsafe.dumps_text(dict(options.metadata)),
        callback_url=options.callback_url,
        timeout_ms=options.timeout_ms,
        max_wait_ms=options.max_wait_ms,
        replay_of=options.replay_of,
        values_of=options.values_of,
        traceparent=tracing.current() or None,
        created_at=now,
    )
    _place(execution, asked, now)
    return execution


def _place(execution: Execution, asked: Asked, now: Any) -> None:
    """Queued for a worker, or already ours."""
    options = asked.options
    if options.mode == Mode.ASYNC:
        execution.status = ExecutionStatus.QUEUED.value
        # A moment in the past: the hint to the queue must not find the row too early.
        execution.due_at = options.not_before or dbclock.now() - _A_MOMENT
        return
    whole = timedelta(milliseconds=options.timeout_ms)
    execution.status = ExecutionStatus.EXECUTING.value
    execution.started_at = now
    execution.deadline_at = now + whole
    execution.lease_until = dbclock.now() + whole + timedelta(seconds=settle.MARGIN_S)
    execution.sent = not asked.target.safe

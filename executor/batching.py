"""Many calls accepted at once: each judged by itself, their rows written together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Model

from executor import admission, answers, idempotency, starting
from executor.calls import CallOptions, Reply
from executor.delivery.nudge import nudge
from executor.models import Execution, IdempotencyRecord
from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.coordination.statement import insert_where_free, write_together
from integration_hub.lib import pause
from integration_hub.lib.errors import HubError

ROWS_A_STATEMENT = 200
"""SQLite takes 32,766 values a statement, PostgreSQL 65,535; a call has about 55."""


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


@dataclass(slots=True)
class _Item:
    """One call while it is judged: at the end it has an `answer`."""

    asked: starting.Asked | None = None
    answer: Reply | HubError | None = None
    execution: Execution | None = None
    record: IdempotencyRecord | None = None
    rows: list[Model] = field(default_factory=list)


def accept(*, caller: Caller, calls: Sequence[BatchCall | HubError]) -> list[Reply | HubError]:
    """Queue async calls; the 202 of each, or why it is refused, in their order.

    One refused call keeps no other from being accepted. A HubError among `calls`
    (one that could not be read) stays what it is.
    """
    caller.require("execute")
    with revision.scope():
        return write([_resolved(caller, call) for call in calls])


def write(calls: Sequence[starting.Asked | HubError]) -> list[Reply | HubError]:
    """Write resolved async calls, all or none of them, by a number of statements that hardly grows.

    Of calls with one key, in one batch or in several at once, exactly one is made; the
    others get its answer.
    """
    items = [_judged(call) for call in calls]
    with transaction.atomic():
        _claim_keys(items)
        rows = [item.rows for item in items if item.rows]
        for some in _portions(rows):
            pause.point("batch-portion")
            write_together(inserts=sorted((row for each in some for row in each), key=_by_table))
        for priority in _waking(items):
            nudge(priority)
    _answer_claimed(items)
    return [_answer(item) for item in items]


def _resolved(caller: Caller, call: BatchCall | HubError) -> starting.Asked | HubError:
    if isinstance(call, HubError):
        return call
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
    except HubError as error:
        return error
    return starting.Asked(
        caller=caller,
        target=target,
        parameters=call.parameters,
        options=call.options,
        key=call.key,
        body=call.body,
        quiet=True,
    )


def _judged(call: starting.Asked | HubError) -> _Item:
    """Its rows, unsaved; or its answer. A refused call leaves a rejected row."""
    if isinstance(call, HubError):
        return _Item(answer=call)
    error = admission.refusal(call.target, call.parameters, call.options, call.caller)
    if error is not None:
        return _refused(call, error)
    execution, payload = starting.new_rows(call)
    record = None if call.key is None else starting.record_of(call, execution)
    return _Item(call, None, execution, record, [execution, payload])


def _refused(call: starting.Asked, error: HubError) -> _Item:
    try:
        earlier = starting.known_answer(call)
    except HubError as known:
        return _Item(answer=known)
    if earlier is not None:
        return _Item(answer=earlier)
    return _Item(answer=error, rows=starting.rejected(call, error))


def _claim_keys(items: Sequence[_Item]) -> None:
    """Insert the records of all keys; a call whose key was taken is not written.

    In one order, so that two batches with the same keys wait for each other and never
    each for the other.
    """
    records = [item.record for item in items if item.record is not None]
    if not records:
        return
    records.sort(key=lambda record: (record.key_digest, record.method, record.instance_id))
    insert_where_free(records)
    keys = [record.pk for record in records]
    mine = set(IdempotencyRecord.objects.filter(pk__in=keys).values_list("pk", flat=True))
    for item in items:
        if item.record is not None and item.record.pk not in mine:
            item.execution, item.rows = None, []


def _answer_claimed(items: Sequence[_Item]) -> None:
    """What the first call under each taken key was answered."""
    late = [item for item in items if item.record is not None and item.execution is None]
    if not late:
        return
    claims = [item.record for item in late if item.record is not None]
    for item, earlier in zip(late, idempotency.find_all(claims), strict=True):
        if isinstance(earlier, HubError):
            item.answer = earlier
        elif earlier is not None and earlier.reply is not None:
            item.answer = earlier.reply


def _answer(item: _Item) -> Reply | HubError:
    if item.answer is not None:
        return item.answer
    if item.execution is not None:
        return answers.accepted(item.execution)
    # The key was freed between our insert and our look: ask for it alone.
    try:
        return starting.start(_asked(item))
    except HubError as error:
        return error


def _asked(item: _Item) -> starting.Asked:
    if item.asked is None:
        raise AssertionError("a call without an answer was asked for")
    return item.asked


def _waking(items: Sequence[_Item]) -> list[str]:
    """The queues in which something may be due now; a hint too many is harmless."""
    made = [item.asked.options for item in items if item.asked and item.execution is not None]
    return sorted({options.priority.value for options in made if options.not_before is None})


def _by_table(row: Model) -> str:
    """Neighbours of one table share an INSERT."""
    return row._meta.db_table


def _portions(rows: list[list[Model]]) -> Iterator[list[list[Model]]]:
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        yield rows[start : start + ROWS_A_STATEMENT]

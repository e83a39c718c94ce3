"""One health check: the pipeline of every call, without a row in the log.

A check each minute would be most of the log; its history has a table of its own.
Circuit, limits, credential, egress and the instance's state work as for any call.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from django.db import transaction

from executor import loop, news
from executor.calls import Target
from executor.choices import ExecutionStatus, Mode
from executor.models import Execution, Payload
from executor.run import Run
from integration_hub.access.caller import Caller
from integration_hub.egress.door import Deadline
from integration_hub.lib import clock, redact
from integration_hub.lib.errors import (
    ConcurrencyLimitExceeded,
    HubError,
    RateLimitExceeded,
)
from registry.runtime import RuntimeInstance

LONGEST_CHECK_SECONDS = 30.0
DETAIL_LENGTH = 500
_INCONCLUSIVE = (RateLimitExceeded, ConcurrencyLimitExceeded)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found; `ok` is None when the hub's own limits held it back."""

    ok: bool | None
    code: str = ""
    detail: str = ""
    duration_ms: float = 0.0


def check(instance: RuntimeInstance, *, cancelled: threading.Event | None = None) -> CheckResult:
    """Call the health method once. Raises MethodNotFound when there is none of that name."""
    run = _run(instance, cancelled or threading.Event())
    began = time.perf_counter()
    outcome = loop.perform(run)
    duration = round((time.perf_counter() - began) * 1000, 3)
    if outcome.held is not None:
        loop.settle_permit(run, outcome.held)
    _change_state(run, outcome.error)
    if isinstance(outcome.error, _INCONCLUSIVE):
        return CheckResult(ok=None, code=outcome.error.code, detail=outcome.error.detail)
    if outcome.error is None:
        return CheckResult(ok=True, duration_ms=duration)
    detail = redact.Redactor(run.secrets).text(outcome.error.detail)[:DETAIL_LENGTH]
    return CheckResult(ok=False, code=outcome.error.code, detail=detail, duration_ms=duration)


def _run(instance: RuntimeInstance, cancelled: threading.Event) -> Run:
    method = instance.method(instance.spec.health_method)
    seconds = min(method.timeout_ms / 1000, LONGEST_CHECK_SECONDS)
    caller = Caller.schedule()
    unsaved = Execution(
        status=ExecutionStatus.EXECUTING,
        mode=Mode.SYNC,
        instance_id=instance.id,
        instance_slug=instance.slug,
        definition_id=instance.definition_id,
        definition_ref=instance.definition_ref,
        method=method.name,
        caller=caller.owner,
        caller_name=caller.name,
        timeout_ms=int(seconds * 1000),
        created_at=clock.now(),
    )
    return Run(
        execution=unsaved,
        payload=Payload(id=unsaved.pk),
        target=Target(instance, method),
        parameters={},
        deadline=Deadline(seconds, cancelled=cancelled),
        cancelled=cancelled,
    )


def _change_state(run: Run, error: HubError | None) -> None:
    state = news.new_state(run, error)
    if state is None:
        return
    with transaction.atomic():
        for event in news.change_state(run, state, error):
            event.save(force_insert=True)

"""One health check: the pipeline of every call, without a row in the log.

A check each minute would be most of the log; its history has a table of its own.
Circuit, limits, credential, egress and the instance's state work as for any call: a
check of a half-open circuit is its probe.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from executor import loop, news
from executor.files.store import storage
from executor.health.run import new_run
from executor.run import Run
from integration_hub.lib import redact, tracing
from integration_hub.lib.errors import (
    ConcurrencyLimitExceeded,
    HubError,
    RateLimitExceeded,
)
from registry.runtime import RuntimeInstance

DETAIL_LENGTH = 500
_INCONCLUSIVE = (RateLimitExceeded, ConcurrencyLimitExceeded)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found; `ok` is None when it could not be made, for the reason in `detail`."""

    ok: bool | None
    code: str = ""
    detail: str = ""
    duration_ms: float = 0.0
    certificate_ends_at: datetime | None = None


def check(instance: RuntimeInstance, *, cancelled: threading.Event | None = None) -> CheckResult:
    """Call the health method once. Raises MethodNotFound when there is none of that name."""
    run = new_run(instance, cancelled or threading.Event())
    began = time.perf_counter()
    with tracing.span(f"health {instance.slug}"):
        outcome = loop.perform(run)
    duration = round((time.perf_counter() - began) * 1000, 3)
    if outcome.held is not None:
        loop.settle_permit(run, outcome.held)
    if run.file is not None:
        storage().delete(run.file.path)
    _change_state(run, outcome.error)
    if isinstance(outcome.error, _INCONCLUSIVE):
        return CheckResult(ok=None, code=outcome.error.code, detail=outcome.error.detail)
    if outcome.error is None:
        return CheckResult(ok=True, duration_ms=duration)
    detail = redact.Redactor(run.secrets).text(outcome.error.detail)[:DETAIL_LENGTH]
    return CheckResult(ok=False, code=outcome.error.code, detail=detail, duration_ms=duration)


def _change_state(run: Run, error: HubError | None) -> None:
    state = news.new_state(run, error)
    if state is None:
        return
    with transaction.atomic():
        for event in news.change_state(run, state, error):
            event.save(force_insert=True)

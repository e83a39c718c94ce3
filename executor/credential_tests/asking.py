"""The asking side: a row for the worker, and a bounded wait for what it found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from executor.api.waiting import Seat
from executor.choices import Priority
from executor.credential_tests.models import CredentialTest
from executor.credential_tests.running import LONGEST
from executor.delivery import life, nudge
from integration_hub.access.caller import Caller
from integration_hub.audit.origin import current
from integration_hub.audit.services import record
from integration_hub.coordination import dbtime
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import ServiceUnavailable
from registry import runtime
from registry.runtime import RuntimeInstance

LIVES: Final = 60.0
"""A worker that showed itself within this many seconds is waited for."""

TAKEN_WITHIN: Final = 15.0
AGAIN_S: Final = 5.0
KEPT: Final = timedelta(minutes=10)
_FIRST_LOOK_S, _SLOWEST_LOOK_S = 0.05, 0.25


def ask(*, caller: Caller, instance_ref: str) -> dict[str, Any]:
    """The report of a test that a worker ran: `ok`, and `steps` in their order.

    Raises InstanceNotFound, and ServiceUnavailable when no worker is there to run it.
    """
    instance = runtime.by_ref(instance_ref, caller)
    seat = Seat()
    try:
        if not seat.taken:
            raise _unavailable("As many tests as this process has room for are being waited for.")
        _require_worker()
        return _report(_ask(instance, caller))
    finally:
        seat.leave()


def _require_worker() -> None:
    if Priority.INTERACTIVE not in life.served_queues(LIVES):
        raise _unavailable(
            "A credential is tested by a worker, and none that serves the queue "
            f"'{Priority.INTERACTIVE.value}' has shown itself for {LIVES:.0f} s. "
            "Start one: manage.py runhub, or manage.py runworker."
        )


def _ask(instance: RuntimeInstance, caller: Caller) -> UUID:
    """Write down who tests before the secret is used, and what came of others' long ago away."""
    origin = current()
    with transaction.atomic():
        CredentialTest.objects.filter(asked_at__lt=dbtime.Now() - KEPT).delete()
        record(
            actor=caller.owner,
            action="credential.test_started",
            target_type="credential",
            target=instance.slug,
        )
        row = CredentialTest.objects.create(
            instance_id=instance.id,
            caller=caller.owner,
            caller_name=caller.name[:200],
            source=origin.source[:64],
            request_id=origin.request_id,
            asked_at=dbtime.Now(),
        )
        transaction.on_commit(nudge.test_credentials, robust=True)
    return row.pk


def _report(key: UUID) -> dict[str, Any]:
    """What the worker wrote; the row goes with the answer."""
    if not _seen(lambda: not _waiting(key), TAKEN_WITHIN) and _rows(key, taken=False).delete()[0]:
        raise _unavailable(
            f"No worker took the test within {TAKEN_WITHIN:.0f} s: all are busy, or stuck. "
            "See /health/readiness, and try again."
        )
    _seen(lambda: bool(_text(key)), LONGEST)
    text = _text(key)
    if not text:
        raise _unavailable("The worker that ran the test did not come to its end. Try again.")
    CredentialTest.objects.filter(pk=key).delete()
    report: dict[str, Any] = jsonsafe.loads(text)
    return report


def _seen(there: Callable[[], bool], seconds: float) -> bool:
    end, step = clock.monotonic() + seconds, _FIRST_LOOK_S
    while not there():
        left = end - clock.monotonic()
        if left <= 0:
            return False
        clock.sleep(min(step, left))
        step = min(step * 1.3, _SLOWEST_LOOK_S)
    return True


def _waiting(key: UUID) -> bool:
    return _rows(key, taken=False).exists()


def _rows(key: UUID, *, taken: bool) -> QuerySet[CredentialTest]:
    return CredentialTest.objects.filter(pk=key, taken_at__isnull=not taken)


def _text(key: UUID) -> str:
    return CredentialTest.objects.filter(pk=key).values_list("report", flat=True).first() or ""


def _unavailable(detail: str) -> ServiceUnavailable:
    return ServiceUnavailable(detail, retry_after=AGAIN_S)

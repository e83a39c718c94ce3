"""The worker's side: take what was asked for, run it, write down what came of it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from executor.connection_test import Report
from executor.credential_tests import steps
from executor.credential_tests.models import CredentialTest
from executor.delivery.constants import SIDE_SECONDS
from executor.delivery.stopping import stop
from integration_hub.access.caller import ALL_SCOPES, Caller
from integration_hub.audit.origin import Origin, bound
from integration_hub.audit.services import record
from integration_hub.coordination import dbtime, revision
from integration_hub.lib import clock, jsonsafe, log
from integration_hub.lib.errors import HubError
from registry import runtime

LONGEST: Final = steps.TOTAL_SECONDS + 15.0
"""Seconds after which whoever asked waits no longer; a test that was taken is not begun again."""

logger = log.get(__name__)


def due() -> QuerySet[CredentialTest]:
    return CredentialTest.objects.filter(taken_at__isnull=True)


def any_due() -> bool:
    return due().exists()


def run_due() -> int:
    """Run what waits, one after the other; how many were run."""
    done, ends = 0, clock.monotonic() + SIDE_SECONDS
    while not (stop.requested or clock.monotonic() > ends):
        key = _take()
        if key is None:
            break
        _run(CredentialTest.objects.get(pk=key))
        done += 1
    return done


def _take() -> UUID | None:
    """The oldest that nobody else takes at this moment."""
    for key in due().order_by("asked_at").values_list("pk", flat=True)[:10]:
        if due().filter(pk=key).update(taken_at=dbtime.Now()):
            return key
    return None


def _run(row: CredentialTest) -> None:
    """Whoever asked was allowed to, for this very instance; both are on the row."""
    caller = Caller(owner=row.caller, name=row.caller_name, scopes=ALL_SCOPES)
    with bound(Origin(row.source, row.request_id)), revision.scope():
        try:
            instance = runtime.by_id(row.instance_id)
        except HubError as error:
            _write(row, str(row.instance_id), _gone(error))
            return
        _write(row, instance.slug, steps.report_of(instance, caller))


def _write(row: CredentialTest, slug: str, report: Report) -> None:
    with transaction.atomic():
        record(
            actor=row.caller,
            action="credential.tested",
            target_type="credential",
            target=slug,
            detail={"ok": report.ok},
        )
        CredentialTest.objects.filter(pk=row.pk).update(
            report=jsonsafe.dumps_text(report.as_dict())
        )
    logger.info("credential.tested", instance=slug, ok=report.ok)


def _gone(error: HubError) -> Report:
    """Deleted since it was asked for: that is what the test found."""

    def fail() -> str:
        raise error

    report = Report()
    report.step("config", fail, hint="It was deleted meanwhile.")
    return report

"""Reads and conditional writes of executions, named for what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import models

from executor.choices import ACTIVE, FINAL, ExecutionStatus
from integration_hub.coordination import dbtime

if TYPE_CHECKING:
    from executor.models import Execution

_WAITING = [
    models.Func(template=f"'{status.value}'", output_field=models.CharField())
    for status in (ExecutionStatus.QUEUED, ExecutionStatus.RETRYING)
]
"""CLAIMABLE as the partial indexes spell it: SQLite uses them for no placeholders."""


class ExecutionQuerySet(models.QuerySet["Execution"]):
    def active(self) -> Self:
        """Not final."""
        return self.filter(status__in=ACTIVE)

    def final(self) -> Self:
        """Ended, however."""
        return self.filter(status__in=FINAL)

    def due(self) -> Self:
        """Waiting, and its time has come (database clock)."""
        return self.waiting().filter(due_at__lte=dbtime.Now())

    def waiting(self) -> Self:
        """To be claimed, now or later."""
        return self.filter(status__in=_WAITING)

    def lost(self) -> Self:
        """Running on a lease that has ended: its process is gone."""
        return self.filter(status=ExecutionStatus.EXECUTING, lease_until__lt=dbtime.Now())

    def held(self, execution: Execution) -> Self:
        """This row while the claim that `execution` was loaded with still stands."""
        return self.filter(pk=execution.pk, fence=execution.fence, status__in=ACTIVE)

    def of_instances(self, ids: Iterable[UUID] | models.QuerySet[Any]) -> Self:
        return self.filter(instance_id__in=ids)

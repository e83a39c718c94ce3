"""Cancelling: what waits is ended on its row, what runs is told."""

from __future__ import annotations

import threading
import time
from uuid import UUID

from django.db import Error

from executor import ending
from executor.choices import CLAIMABLE, ExecutionStatus
from executor.models import Execution
from integration_hub.lib import log
from integration_hub.lib.errors import Cancelled

LOOK_EVERY_S = 1.0

_logger = log.get(__name__)


def end_waiting(execution: Execution, error: Cancelled) -> bool:
    """End an execution that nobody runs: it is never sent. False when it runs or has ended."""
    waiting = Execution.objects.held(execution).filter(status__in=CLAIMABLE)
    return ending.finish_where(waiting, execution, status=ExecutionStatus.CANCELLED, error=error)


def end_if_asked(execution: Execution) -> None:
    """End what its worker has just let go of, if a cancel arrived too late for the run to see."""
    asked = Execution.objects.held(execution).filter(status__in=CLAIMABLE, cancel_requested=True)
    if asked.exists():
        error = Cancelled("The execution was cancelled between two of its tries.")
        ending.finish_where(asked, execution, status=ExecutionStatus.CANCELLED, error=error)


class CancelFlag(threading.Event):
    """How a sync call learns, while it blocks, that someone cancelled it: its row says so.

    Whoever blocks looks at its flag at least once a second; every such look of the
    thread that runs the call asks the row, at most once a second and never in the
    first one. A short call so costs no query and no thread waits beside it.
    """

    def __init__(self, execution_id: UUID) -> None:
        super().__init__()
        self._id = execution_id
        self._thread = threading.get_ident()
        self._next_look = time.monotonic() + LOOK_EVERY_S

    def is_set(self) -> bool:
        if not super().is_set() and self._is_due():
            self._look()
        return super().is_set()

    def _is_due(self) -> bool:
        return time.monotonic() >= self._next_look and threading.get_ident() == self._thread

    def _look(self) -> None:
        self._next_look = time.monotonic() + LOOK_EVERY_S
        try:
            if Execution.objects.filter(pk=self._id, cancel_requested=True).exists():
                self.set()
        except Error as error:
            _logger.warning(
                "cancel_look_failed", execution_id=str(self._id), error=type(error).__name__
            )

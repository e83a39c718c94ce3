"""How a sync call learns, while it is blocked, that someone else cancelled it."""

from __future__ import annotations

import threading
import time
from uuid import UUID

from django.db import Error

from executor.models import Execution
from integration_hub.lib import log

LOOK_EVERY_S = 1.0

_logger = log.get(__name__)


class CancelFlag(threading.Event):
    """Set once the row says `cancel_requested`.

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

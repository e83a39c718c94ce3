"""One execution while it runs: what its attempts leave behind, until it is settled."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from executor.calls import AttemptRecord, Target
from executor.masking import Secrets
from executor.models import Execution, Payload
from integration_hub.egress.door import Deadline
from integration_hub.lib import clock


@dataclass(slots=True)
class Run:
    """`in_worker`: waits over the in-process limit are planned on the row instead of ending it."""

    execution: Execution
    payload: Payload
    target: Target
    parameters: Mapping[str, Any]
    deadline: Deadline
    cancelled: threading.Event
    in_worker: bool = False
    records: list[AttemptRecord] = field(default_factory=list)
    known: Secrets = field(default_factory=Secrets)
    credential_id: UUID | None = None
    credential_revision: int | None = None
    started_at: datetime = field(default_factory=clock.now)
    began: float = field(default_factory=time.perf_counter)
    marked_sent: bool = False

    @property
    def number(self) -> int:
        """Of the next attempt; earlier runs of the same execution count."""
        return self.execution.attempts + len(self.records) + 1

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must be masked in everything that is kept."""
        return self.known.values

    def learn(self, secrets: Iterable[str]) -> None:
        """Take in values of the hub's own credential."""
        new = [secret for secret in secrets if secret and secret not in self.known.values]
        if new:
            self.known = Secrets((*self.known.values, *dict.fromkeys(new)))

    def elapsed_ms(self) -> float:
        return round((time.perf_counter() - self.began) * 1000, 3)

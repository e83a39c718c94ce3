"""One execution while it runs: what its attempts leave behind, until it is settled."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from credentials.choices import AuthOutcome
from credentials.failures import NONE, Rules
from executor.calls import AttemptRecord, Target
from executor.followups.followup import FollowUp
from executor.masking import Secrets
from executor.models import Execution, Payload, StoredFile
from integration_hub.coordination.guard import Permit
from integration_hub.egress.door import Deadline
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import HubError

Entered = tuple[Permit, bool]
"""A permit, and whether this call is the first after a hold."""

KEPT_EXCHANGES = 20
"""Of the answered requests of one run: beyond, an attempt says its status and time alone."""


@dataclass(slots=True)
class Run:
    """`in_worker`: waits over the in-process limit are planned on the row instead of ending it.

    With a `followup` there are several requests: `step_base` attempts belong to those
    that are answered, and `resumed` says that what they gave is kept. `notes` stand
    beside the result. `fresh`: no kept answer will do. `proven`: what it ended with is
    the external system's own word of now. `early` is what a sync call was given or told
    before its row was written, `shaped` the body of its request.
    """

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
    credential_renewable: bool = False
    auth_rules: Rules = NONE
    auth_outcome: AuthOutcome | None = None
    reauthenticated: bool = False
    started_at: datetime = field(default_factory=clock.now)
    began: float = field(default_factory=time.perf_counter)
    marked_sent: bool = False
    followup: FollowUp | None = None
    step_base: int = 0
    resumed: bool = False
    notes: Mapping[str, Any] = field(default_factory=dict)
    file: StoredFile | None = None
    fresh: bool = False
    proven: bool = True
    early: Entered | HubError | None = None
    shaped: tuple[Any, bool] | None = None
    wait_ms: float = 0.0
    transform_ms: float = 0.0

    @property
    def number(self) -> int:
        """Of the next attempt; earlier runs of the same execution count."""
        return self.execution.attempts + len(self.records) + 1

    @property
    def tries(self) -> int:
        """Of the request that is at hand, made so far."""
        return self.number - 1 - self.step_base

    @property
    def underway(self) -> bool:
        """Whether earlier requests of several were answered."""
        return self.followup is not None and self.followup.underway

    @property
    def safe_now(self) -> bool:
        """Whether the next request may be sent twice."""
        return self.target.safe or (self.followup is not None and self.followup.safe)

    def begin(self) -> None:
        """Its row is there: what it takes counts from now."""
        self.started_at, self.began = clock.now(), time.perf_counter()

    def step_done(self) -> None:
        """The tries so far belong to a request that is answered; few bodies of many are kept."""
        self.step_base = self.number - 1
        if len(self.records) > KEPT_EXCHANGES:
            self.records[-1] = replace(self.records[-1], exchange=None)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must be masked in everything that is kept."""
        return self.known.values

    def learn(self, secrets: Iterable[str]) -> None:
        """Take in values of the hub's own credential."""
        new = [secret for secret in secrets if secret and secret not in self.known.values]
        if new:
            self.known = Secrets((*self.known.values, *dict.fromkeys(new)))

    def timings_text(self) -> str:
        """Milliseconds outside the attempts, JSON text; those of earlier runs are in it.

        `queue`: from its acceptance to the first try; `store`: the same of a sync call,
        which is spent on writing its row; `wait`: for a rate or concurrency slot.
        """
        told = jsonsafe.loads(self.execution.timings) if self.execution.timings else {}
        before = (self.started_at - self.execution.created_at).total_seconds() * 1000
        told.setdefault("queue_ms" if self.in_worker else "store_ms", max(0.0, round(before, 3)))
        for name, spent in (("wait_ms", self.wait_ms), ("transform_ms", self.transform_ms)):
            if spent:
                told[name] = round(told.get(name, 0.0) + spent, 3)
        return jsonsafe.dumps_text(told)

    def elapsed_ms(self) -> float:
        return round((time.perf_counter() - self.began) * 1000, 3)

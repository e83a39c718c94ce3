"""What is asked for and what comes of it, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from executor.choices import Mode, Priority
from integration_hub.egress.door import HttpRequest
from registry.adapter import AdapterAnswer, Sent
from registry.runtime import RuntimeInstance
from registry.spec import MethodSpec

DEFAULT_TIMEOUT_MS = 30_000
MAX_TIMEOUT_MS = 300_000
MAX_WAIT_MS = 10_000


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How a call is to be run; times in milliseconds."""

    mode: Mode = Mode.SYNC
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    max_wait_ms: int = 0
    not_before: datetime | None = None
    priority: Priority = Priority.INTERACTIVE
    correlation_id: str = ""
    callback_url: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    replay_of: UUID | None = None
    fresh: bool = False
    values_of: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it leaves: the same bytes for REST, a replay, the admin and the command."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.status < 400


@dataclass(frozen=True, slots=True)
class Target:
    """What is called: a method of an instance."""

    instance: RuntimeInstance
    method: MethodSpec

    @property
    def scope(self) -> str:
        """The name of its circuit, and of the limits that are its own."""
        return f"{self.instance.id}:{self.method.name}"

    @property
    def host(self) -> str:
        """The name of its host's circuit, which all that talk to that host share."""
        upstream = self.instance.upstream
        return f"host:{upstream[:200]}" if upstream else ""

    @property
    def account(self) -> str:
        """The name of what the external system sees: one caller, whatever is called."""
        return str(self.instance.id)

    @property
    def bucket(self) -> str:
        """Where its tokens come from: the instance's bucket unless its block has a rate.

        What the external system says of a quota is said of the same.
        """
        return self.scope if self.method.own_rate else self.account

    @property
    def slots(self) -> str:
        """Where its slots come from: the instance's unless its block has a number of its own."""
        return self.scope if self.method.own_slots else self.account

    @property
    def safe(self) -> bool:
        """Whether sending the same request again cannot do the thing twice."""
        return self.method.idempotent or bool(self.method.idempotency_header)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The request and the answer of one attempt, unmasked: lives in memory only."""

    request: HttpRequest | Sent | None
    answer: AdapterAnswer | None


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One finished try, and its exchange as it may be kept (masked later, with all secrets)."""

    number: int
    started_at: datetime
    duration_ms: float
    status_code: int | None = None
    code: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    request_bytes: int | None = None
    response_bytes: int | None = None
    exchange: Exchange | None = None

"""What the hub cannot do now, and faults of its own code."""

from __future__ import annotations

from typing import Any

from integration_hub.lib.errors.root import HubError


class CircuitOpen(HubError):
    """Repeat after `retry_after`; too many calls failed, so none is sent meanwhile."""

    code, title, status = "CIRCUIT_OPEN", "The circuit is open", 503
    default_retryable = True


class ServiceUnavailable(HubError):
    """Repeat after `retry_after`; if it lasts, see `/health/dependency`."""

    code, title, status = "SERVICE_UNAVAILABLE", "The service cannot take this now", 503
    default_retryable = True


class InsufficientStorage(HubError):
    """Repeat later; the operator has to free storage."""

    code, title, status = "INSUFFICIENT_STORAGE", "Storage is full", 507
    default_retryable = True


class AdapterFailed(HubError):
    """Report it with the `request_id`: the adapter's code has a fault."""

    code, title, status = "ADAPTER_ERROR", "The adapter failed", 500


class InternalFailure(HubError):
    """Report it with the `request_id`: the hub's code has a fault."""

    code, title, status = "INTERNAL_ERROR", "Internal error", 500


class Poisoned(HubError):
    """See what the call does to its worker; it runs again only by replay."""

    code, title, status = "POISON", "The execution killed its worker three times", 500


class Cancelled(HubError):
    """Start it again if it was cancelled by mistake."""

    code, title, status = "CANCELLED", "The execution was cancelled", 409

    def __init__(self, detail: str, *, sent: bool = False, **details: Any) -> None:
        super().__init__(detail, **details)
        self.sent = sent  # bytes of the request may have left before it was stopped

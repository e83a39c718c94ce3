"""Everything that can go wrong, once.

    HubError
    ├── ValidationFailed        VALIDATION_ERROR        400
    ├── Unauthenticated         UNAUTHENTICATED         401
    ├── Forbidden               FORBIDDEN               403
    │   └── TargetForbidden     TARGET_FORBIDDEN        403
    ├── NotFound                NOT_FOUND               404
    │   ├── DefinitionNotFound  DEFINITION_NOT_FOUND    404
    │   ├── InstanceNotFound    INSTANCE_NOT_FOUND      404
    │   ├── MethodNotFound      METHOD_NOT_FOUND        404
    │   └── ExecutionNotFound   EXECUTION_NOT_FOUND     404
    ├── MethodNotAllowed        METHOD_NOT_ALLOWED      405
    ├── NotAcceptable           NOT_ACCEPTABLE          406
    ├── Conflict                CONFLICT                409
    │   ├── AmbiguousInstance   AMBIGUOUS_INSTANCE      409
    │   ├── InstanceNotReady    INSTANCE_NOT_READY      409
    │   ├── PayloadPurged       PAYLOAD_PURGED          409
    │   └── IdempotencyInProgress IDEMPOTENCY_IN_PROGRESS 409
    ├── PreconditionFailed      PRECONDITION_FAILED     412
    ├── PayloadTooLarge         PAYLOAD_TOO_LARGE       413
    ├── UnsupportedMediaType    UNSUPPORTED_MEDIA_TYPE  415
    ├── IdempotencyKeyReused    IDEMPOTENCY_KEY_REUSED  422
    ├── TransformFailed         TRANSFORM_ERROR         422 (request) or 502 (response)
    ├── RateLimitExceeded       RATE_LIMIT_EXCEEDED     429
    ├── ConcurrencyLimitExceeded CONCURRENCY_LIMIT_EXCEEDED 429
    ├── UpstreamError           (the external system or the way to it)
    │   ├── IntegrationFailed   INTEGRATION_ERROR       502
    │   ├── ConnectionFailed    CONNECTION_ERROR        502
    │   ├── AuthFailed          AUTH_ERROR              502
    │   ├── ResponseInvalid     RESPONSE_INVALID        502
    │   ├── ResponseTooLarge    RESPONSE_TOO_LARGE      502
    │   └── TimedOut            TIMEOUT_ERROR           504
    ├── CircuitOpen             CIRCUIT_OPEN            503
    ├── ServiceUnavailable      SERVICE_UNAVAILABLE     503
    ├── InsufficientStorage     INSUFFICIENT_STORAGE    507
    ├── AdapterFailed           ADAPTER_ERROR           500
    ├── InternalFailure         INTERNAL_ERROR          500
    ├── Poisoned                POISON                  (only as an execution's code)
    └── Cancelled               CANCELLED               (only as an execution's code)

An app adds no code of its own: it raises one of these with a sentence for the
caller. `docs/errors.md` is generated from this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong at one place.

    `pointer` is an RFC 6901 JSON pointer into what the caller sent ("" is the whole).
    """

    pointer: str
    detail: str
    code: str = "INVALID"

    def as_dict(self) -> dict[str, str]:
        return {"pointer": self.pointer, "detail": self.detail, "code": self.code}


class HubError(Exception):
    """The root: a stable `code`, an HTTP status and a sentence that is safe to show.

    `retryable` is True only where sending the same request again is safe.
    `retry_after` is in seconds. `extra` becomes extension members of the problem
    document (RFC 9457), so it must never hold a secret.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    title: ClassVar[str] = "Internal error"
    status: ClassVar[int] = 500
    default_retryable: ClassVar[bool] = False

    def __init__(
        self,
        detail: str,
        *,
        errors: Iterable[Fault] = (),
        suggestions: Iterable[str] = (),
        retry_after: float | None = None,
        retryable: bool | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.suggestions = tuple(suggestions)[:3]
        self.retry_after = retry_after
        self.retryable = self.default_retryable if retryable is None else retryable
        self.extra = dict(extra or {})
        self.http_status = self.status


class ValidationFailed(HubError):
    """Correct what `errors` lists, each with its pointer; repeating the same is useless."""

    code, title, status = "VALIDATION_ERROR", "The request is not valid", 400


class Unauthenticated(HubError):
    """Send a valid token: `Authorization: Bearer <token>`."""

    code, title, status = "UNAUTHENTICATED", "Authentication is needed", 401


class Forbidden(HubError):
    """Use a token with the scope that `detail` names, or ask the operator for one."""

    code, title, status = "FORBIDDEN", "Not allowed", 403


class TargetForbidden(Forbidden):
    """Use a public address, or have the operator add it to HUB_OUTBOUND_ALLOW."""

    code, title = "TARGET_FORBIDDEN", "The target address is not allowed"


class NotFound(HubError):
    """Check the name against `suggestions`; what a token may not see is not found either."""

    code, title, status = "NOT_FOUND", "Not found", 404


class DefinitionNotFound(NotFound):
    code, title = "DEFINITION_NOT_FOUND", "Definition not found"


class InstanceNotFound(NotFound):
    code, title = "INSTANCE_NOT_FOUND", "Instance not found"


class MethodNotFound(NotFound):
    code, title = "METHOD_NOT_FOUND", "Method not found"


class ExecutionNotFound(NotFound):
    """Check the id; executions are kept for HUB_EXECUTION_RETENTION_DAYS."""

    code, title = "EXECUTION_NOT_FOUND", "Execution not found"


class MethodNotAllowed(HubError):
    """Use a method that the header `Allow` lists."""

    code, title, status = "METHOD_NOT_ALLOWED", "Method not allowed", 405


class NotAcceptable(HubError):
    """Ask for `application/json` in `Accept`."""

    code, title, status = "NOT_ACCEPTABLE", "Not acceptable", 406


class Conflict(HubError):
    """Read the thing again, solve what `detail` names, then repeat."""

    code, title, status = "CONFLICT", "Conflict", 409


class AmbiguousInstance(Conflict):
    """Name one of the instances in `detail`, or give a narrower context."""

    code, title = "AMBIGUOUS_INSTANCE", "More than one instance fits"


class InstanceNotReady(Conflict):
    """Complete the configuration or the credential that `detail` names, or enable it."""

    code, title = "INSTANCE_NOT_READY", "The instance is not ready"


class PayloadPurged(Conflict):
    """Send a new call: the kept body is past its retention."""

    code, title = "PAYLOAD_PURGED", "The payload is no longer kept"


class IdempotencyInProgress(Conflict):
    """Repeat the same request after `retry_after`."""

    code, title = "IDEMPOTENCY_IN_PROGRESS", "The first request with this key is still running"
    default_retryable = True


class PreconditionFailed(HubError):
    """Read it again and send its new `ETag` in `If-Match`."""

    code, title, status = "PRECONDITION_FAILED", "Changed since it was read", 412


class PayloadTooLarge(HubError):
    """Send less, in several calls, or have HUB_MAX_REQUEST_BYTES raised."""

    code, title, status = "PAYLOAD_TOO_LARGE", "The request is too large", 413


class UnsupportedMediaType(HubError):
    """Say in `Content-Type` what you send, of a type that `detail` allows."""

    code, title, status = "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type", 415


class IdempotencyKeyReused(HubError):
    """Use a new `Idempotency-Key` for another request."""

    code, title, status = "IDEMPOTENCY_KEY_REUSED", "Idempotency key used for another request", 422


class TransformFailed(HubError):
    """Correct the mapping or its input: 422 when it shaped the request, 502 when the answer."""

    code, title, status = "TRANSFORM_ERROR", "The transform failed", 422

    def __init__(self, detail: str, *, response: bool = False, **details: Any) -> None:
        super().__init__(detail, **details)
        self.http_status = 502 if response else 422


class RateLimitExceeded(HubError):
    """Repeat after `retry_after`; the hub's own limit, not the external system's."""

    code, title, status = "RATE_LIMIT_EXCEEDED", "Rate limit exceeded", 429
    default_retryable = True


class ConcurrencyLimitExceeded(HubError):
    """Repeat after `retry_after`, or allow a wait with `max_wait_ms`."""

    code, title, status = "CONCURRENCY_LIMIT_EXCEEDED", "Too many calls at once", 429
    default_retryable = True


class UpstreamError(HubError):
    """The external system, or the way to it, failed.

    `sent` is False only when it is proven that no byte of the request left; then
    the call may be repeated whatever its method. `upstream_status` and
    `upstream_body` (redacted, cut) become the problem's `upstream` member.
    """

    code, title, status = "INTEGRATION_ERROR", "The external system refused", 502

    def __init__(
        self,
        detail: str,
        *,
        sent: bool = True,
        upstream_status: int | None = None,
        upstream_body: str | None = None,
        **details: Any,
    ) -> None:
        super().__init__(detail, **details)
        self.sent = sent
        self.upstream_status = upstream_status
        self.upstream_body = upstream_body


class IntegrationFailed(UpstreamError):
    """See `upstream`: the external system answered with a refusal."""

    code, title = "INTEGRATION_ERROR", "The external system refused"


class ConnectionFailed(UpstreamError):
    """Check the address and the external system; repeat only if `retryable`."""

    code, title = "CONNECTION_ERROR", "The external system could not be reached"


class AuthFailed(UpstreamError):
    """Renew the credential: the external system rejected it, or it cannot be opened."""

    code, title = "AUTH_ERROR", "The external system rejected the credential"


class ResponseInvalid(UpstreamError):
    """Compare the answer with the definition's `result_schema`; see `errors`."""

    code, title = "RESPONSE_INVALID", "The answer is not what the definition says"


class ResponseTooLarge(UpstreamError):
    """Ask the external system for less, or have HUB_MAX_RESPONSE_BYTES raised."""

    code, title = "RESPONSE_TOO_LARGE", "The answer is too large"


class TimedOut(UpstreamError):
    """Repeat only if `retryable`: the external system may have done what was asked."""

    code, title, status = "TIMEOUT_ERROR", "The external system did not answer in time", 504


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


def tree(root: type[HubError] = HubError) -> Iterator[type[HubError]]:
    """Every error class below `root`, depth first, in the order of definition."""
    for leaf in root.__subclasses__():
        yield leaf
        yield from tree(leaf)

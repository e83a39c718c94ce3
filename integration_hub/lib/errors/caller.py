"""What is for the caller to mend, or to ask again: 400 to 429."""

from __future__ import annotations

from typing import Any

from integration_hub.lib.errors.root import HubError


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


class RangeNotSatisfiable(HubError):
    """Ask for bytes that are there: `Content-Range` says how many there are."""

    code, title, status = "RANGE_NOT_SATISFIABLE", "The range is outside the file", 416


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
    """Repeat after `retry_after`; a limit of the hub, or a wait the external system asked for."""

    code, title, status = "RATE_LIMIT_EXCEEDED", "Rate limit exceeded", 429
    default_retryable = True


class ConcurrencyLimitExceeded(HubError):
    """Repeat after `retry_after`, or allow a wait with `max_wait_ms`."""

    code, title, status = "CONCURRENCY_LIMIT_EXCEEDED", "Too many calls at once", 429
    default_retryable = True

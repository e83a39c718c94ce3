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
    ├── RangeNotSatisfiable     RANGE_NOT_SATISFIABLE   416
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
caller. `docs/errors.md` is generated from these modules.
"""

from __future__ import annotations

from integration_hub.lib.errors.caller import (
    AmbiguousInstance,
    ConcurrencyLimitExceeded,
    Conflict,
    DefinitionNotFound,
    ExecutionNotFound,
    Forbidden,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    InstanceNotFound,
    InstanceNotReady,
    MethodNotAllowed,
    MethodNotFound,
    NotAcceptable,
    NotFound,
    PayloadPurged,
    PayloadTooLarge,
    PreconditionFailed,
    RangeNotSatisfiable,
    RateLimitExceeded,
    TargetForbidden,
    TransformFailed,
    Unauthenticated,
    UnsupportedMediaType,
    ValidationFailed,
)
from integration_hub.lib.errors.external import (
    AuthFailed,
    ConnectionFailed,
    IntegrationFailed,
    ResponseInvalid,
    ResponseTooLarge,
    TimedOut,
    UpstreamError,
)
from integration_hub.lib.errors.root import (
    Fault,
    HubError,
    is_own,
    tree,
)
from integration_hub.lib.errors.service import (
    AdapterFailed,
    Cancelled,
    CircuitOpen,
    InsufficientStorage,
    InternalFailure,
    Poisoned,
    ServiceUnavailable,
)

__all__ = [
    "AdapterFailed",
    "AmbiguousInstance",
    "AuthFailed",
    "Cancelled",
    "CircuitOpen",
    "ConcurrencyLimitExceeded",
    "Conflict",
    "ConnectionFailed",
    "DefinitionNotFound",
    "ExecutionNotFound",
    "Fault",
    "Forbidden",
    "HubError",
    "IdempotencyInProgress",
    "IdempotencyKeyReused",
    "InstanceNotFound",
    "InstanceNotReady",
    "InsufficientStorage",
    "IntegrationFailed",
    "InternalFailure",
    "MethodNotAllowed",
    "MethodNotFound",
    "NotAcceptable",
    "NotFound",
    "PayloadPurged",
    "PayloadTooLarge",
    "Poisoned",
    "PreconditionFailed",
    "RangeNotSatisfiable",
    "RateLimitExceeded",
    "ResponseInvalid",
    "ResponseTooLarge",
    "ServiceUnavailable",
    "TargetForbidden",
    "TimedOut",
    "TransformFailed",
    "Unauthenticated",
    "UnsupportedMediaType",
    "UpstreamError",
    "ValidationFailed",
    "is_own",
    "tree",
]

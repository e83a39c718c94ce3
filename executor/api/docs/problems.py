"""Which problems each call may answer, besides those of every call."""

from __future__ import annotations

from integration_hub.lib import errors

REPLAY_PROBLEMS = (
    errors.InstanceNotReady,
    errors.PayloadPurged,
    errors.Conflict,
    errors.IdempotencyInProgress,
    errors.IdempotencyKeyReused,
    errors.TargetForbidden,
    errors.TransformFailed,
    errors.ConcurrencyLimitExceeded,
    errors.IntegrationFailed,
    errors.ConnectionFailed,
    errors.AuthFailed,
    errors.ResponseInvalid,
    errors.ResponseTooLarge,
    errors.InsufficientStorage,
    errors.CircuitOpen,
    errors.TimedOut,
    errors.AdapterFailed,
    errors.InstanceNotFound,
    errors.MethodNotFound,
)
CALL_PROBLEMS = REPLAY_PROBLEMS
CONTEXT_PROBLEMS = (*REPLAY_PROBLEMS, errors.AmbiguousInstance)
EXECUTION_PROBLEMS = (errors.ExecutionNotFound,)
CANCEL_PROBLEMS = (errors.ExecutionNotFound, errors.Conflict)
PAYLOAD_PROBLEMS = (
    errors.ExecutionNotFound,
    errors.PayloadPurged,
    errors.Forbidden,
    errors.RangeNotSatisfiable,
)
INSTANCE_PROBLEMS = (errors.InstanceNotFound,)
REPLAY_MANY_PROBLEMS = (errors.IdempotencyInProgress, errors.IdempotencyKeyReused)

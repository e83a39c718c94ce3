from django.db.models import TextChoices


class ExecutionStatus(TextChoices):
    RECEIVED = "received"
    QUEUED = "queued"
    EXECUTING = "executing"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    OUTCOME_UNKNOWN = "outcome_unknown"


FINAL = frozenset(
    {
        ExecutionStatus.COMPLETED,
        ExecutionStatus.FAILED,
        ExecutionStatus.REJECTED,
        ExecutionStatus.CANCELLED,
        ExecutionStatus.OUTCOME_UNKNOWN,
    }
)
ACTIVE = frozenset(set(ExecutionStatus) - FINAL)
CLAIMABLE = frozenset({ExecutionStatus.QUEUED, ExecutionStatus.RETRYING})


class Mode(TextChoices):
    SYNC = "sync"
    ASYNC = "async"


class Priority(TextChoices):
    INTERACTIVE = "interactive"
    BATCH = "batch"


class CircuitChanged(TextChoices):
    """What happened to a circuit: the first two by calls, the others by an operator."""

    OPENED = "opened"
    CLOSED = "closed"
    FORCED_OPEN = "forced_open"
    DISABLED = "disabled"
    RESET = "reset"

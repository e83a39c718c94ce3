"""The execution row is the truth; the task queue is only a hint."""

from django.db import models

from executor.choices import FINAL, CircuitChanged, ExecutionStatus, Mode, Priority
from executor.credential_tests import models as credential_test_models  # noqa: F401 - rows of this app
from executor.health import models as health_models  # noqa: F401 - rows of this app
from executor.querysets import ExecutionQuerySet
from integration_hub.lib import clock
from integration_hub.lib.ids import new_id
from integration_hub.sealing.field import SealedField
from integration_hub.sealing.model import SealedModel

SLOW_MS = 1_000
"""Executions that took at least this long have an index of their own."""


class Execution(models.Model):
    """One call of one method. Names are kept as text, so that history blocks no deletion.

    On PostgreSQL this table, attempts and payloads are partitioned by month of
    their UUIDv7 key. `lease_until`, `lease_owner` and `fence` are the claim of
    the worker that runs it; `due_at` is when it may be claimed. `sent` says that
    bytes may have left for a call that is not safe to repeat. `values_of` is the
    owner whose parameters a replay by someone else repeats; `timings` is JSON text,
    milliseconds by phase outside the attempts.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    status = models.CharField(max_length=16, choices=ExecutionStatus.choices)
    mode = models.CharField(max_length=8, choices=Mode.choices)
    priority = models.CharField(
        max_length=12, choices=Priority.choices, default=Priority.INTERACTIVE
    )
    instance_id = models.UUIDField()
    instance_slug = models.CharField(max_length=80)
    definition_id = models.UUIDField()
    definition_ref = models.CharField(max_length=130)
    method = models.CharField(max_length=120)
    caller = models.CharField(max_length=120)
    caller_name = models.CharField(max_length=200, default="", blank=True)
    correlation_id = models.CharField(max_length=200, default="", blank=True)
    request_id = models.CharField(max_length=128, default="", blank=True)
    metadata = models.TextField(default="{}", blank=True)
    callback_url = models.CharField(max_length=2000, default="", blank=True)
    timeout_ms = models.PositiveIntegerField(default=30_000)
    max_wait_ms = models.PositiveIntegerField(default=0)
    deadline_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=120, default="", blank=True)
    fence = models.PositiveIntegerField(default=0)
    sent = models.BooleanField(default=False)
    suspect = models.BooleanField(default=False)
    deaths = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=0)
    code = models.CharField(max_length=40, default="", blank=True)
    error = models.TextField(default="", blank=True)
    credential_id = models.UUIDField(null=True)
    credential_revision = models.PositiveIntegerField(null=True)
    replay_of = models.UUIDField(null=True)
    # Null and without a default, as every column added to a long log: no row is rewritten.
    values_of = models.CharField(max_length=120, null=True)  # noqa: DJ001
    timings = models.TextField(null=True)  # noqa: DJ001
    traceparent = models.CharField(max_length=55, null=True)  # noqa: DJ001
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    duration_ms = models.FloatField(null=True)

    objects = ExecutionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["priority", "due_at"],
                condition=models.Q(status__in=["queued", "retrying"]),
                name="execution_claim",
            ),
            models.Index(
                fields=["due_at"],
                condition=models.Q(status__in=["queued", "retrying"])
                & (models.Q(suspect=True) | models.Q(deaths__gt=0)),
                name="execution_suspect",
            ),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(status="executing"),
                name="execution_leased",
            ),
            models.Index(fields=["instance_slug", "-id"]),
            models.Index(fields=["correlation_id", "-id"]),
            models.Index(fields=["method", "-id"], name="execution_method"),
            models.Index(fields=["caller", "-id"], name="execution_caller"),
            # What a list is asked for is rare: the many that completed are in none of these.
            models.Index(
                fields=["status", "-id"],
                condition=models.Q(
                    status__in=["cancelled", "failed", "outcome_unknown", "rejected"]
                ),
                name="execution_not_completed",
            ),
            models.Index(
                fields=["instance_slug", "status", "-id"],
                condition=models.Q(
                    status__in=["cancelled", "failed", "outcome_unknown", "rejected"]
                ),
                name="execution_of_not_completed",
            ),
            models.Index(
                fields=["code", "-id"], condition=models.Q(code__gt=""), name="execution_code"
            ),
            models.Index(
                fields=["-id", "duration_ms"],
                condition=models.Q(duration_ms__gte=SLOW_MS),
                name="execution_slow",
            ),
            models.Index(
                fields=["replay_of"],
                condition=models.Q(replay_of__isnull=False),
                name="execution_replay_of",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instance_slug}.{self.method} · {self.status}"

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


class Attempt(models.Model):
    """One try of an execution; `timings` is JSON text, milliseconds by phase.

    The bytes are those of the bodies: as sent, and as received (before decoding).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    execution = models.ForeignKey(
        Execution,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="attempt_rows",
    )
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.FloatField()
    status_code = models.PositiveSmallIntegerField(null=True)
    code = models.CharField(max_length=40, default="", blank=True)
    timings = models.TextField(default="{}")
    request_bytes = models.IntegerField(null=True)
    response_bytes = models.IntegerField(null=True)

    class Meta:
        ordering = ["number"]


class Payload(SealedModel):
    """The bodies of one execution: same key, own table, purged before it.

    `parameters`, `data` and `exchanges` (a JSON list, one redacted request and
    response an attempt) are masked and may be shown; `notes` is a JSON object of
    members that stand beside the result, or empty. The sealed columns hold what
    only the worker and the calling token may see; `sealed_data` is set only where
    masking changed something.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    parameters = models.TextField(default="{}")
    data = models.TextField(default="", blank=True)
    exchanges = models.TextField(default="[]")
    notes = models.TextField(default="", blank=True)
    sealed_parameters = SealedField(key_field="sealed_key")
    sealed_data = SealedField(key_field="sealed_key")
    sealed_key = models.CharField(max_length=16, default="", blank=True, editable=False)


class Progress(SealedModel):
    """What an execution of several requests fetched so far, while it waits; same key."""

    id = models.UUIDField(primary_key=True, editable=False)
    state = SealedField(key_field="state_key")
    state_key = models.CharField(max_length=16, default="", blank=True, editable=False)


class ResultDrift(models.Model):
    """How often a field of a method's results broke its schema, of an instance that lets it.

    `found` is the JSON type that stood there, `absent` for none.
    """

    instance_id = models.UUIDField()
    method = models.CharField(max_length=120)
    definition_ref = models.CharField(max_length=130)
    field = models.CharField(max_length=300)
    code = models.CharField(max_length=40)
    found = models.CharField(max_length=10)
    count = models.BigIntegerField(default=0)
    first_at = models.DateTimeField(default=clock.now)
    last_at = models.DateTimeField()

    class Meta:
        verbose_name = "change of a provider"
        verbose_name_plural = "changes of providers"
        ordering = ["-last_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance_id", "method", "definition_ref", "field", "code", "found"],
                name="result_drift_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.method}{self.field} · {self.code}"


class StoredFile(models.Model):
    """An answer in the file store; `path` is its name there. Goes with its execution.

    `private`: the method names sensitive parts of its result, which a file cannot mask.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    execution_id = models.UUIDField(db_index=True)
    name = models.CharField(max_length=150)
    media_type = models.CharField(max_length=170)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    private = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class Resolution(models.Model):
    """What a person found out about an execution whose outcome was unknown.

    A note beside the row, with the same key: the final state itself is never changed.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    outcome = models.CharField(max_length=16)
    note = models.CharField(max_length=1000, default="", blank=True)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()


class IdempotencyRecord(SealedModel):
    """One key of one caller for one method, inserted before any work starts."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.CharField(max_length=120)
    instance_id = models.UUIDField()
    method = models.CharField(max_length=120)
    key_digest = models.CharField(max_length=64)
    body_digest = models.CharField(max_length=64)
    execution_id = models.UUIDField()
    status_code = models.PositiveSmallIntegerField(null=True)
    body = SealedField(key_field="body_key")
    body_key = models.CharField(max_length=16, default="", blank=True, editable=False)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "instance_id", "method", "key_digest"], name="idempotency_once"
            )
        ]
        indexes = [models.Index(fields=["execution_id"])]


class CircuitChange(models.Model):
    """One change of one circuit: what, why, and whose doing (empty: its own).

    `scope` is the circuit's name in the guard; a host's circuit belongs to no one
    instance, and the one named is that whose call moved it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    scope = models.CharField(max_length=300)
    instance_id = models.UUIDField()
    instance_slug = models.CharField(max_length=80)
    at = models.DateTimeField()
    change = models.CharField(max_length=12, choices=CircuitChanged.choices)
    reason = models.CharField(max_length=500, default="", blank=True)
    actor = models.CharField(max_length=120, default="", blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["instance_id", "-id"]),
            models.Index(fields=["scope", "-id"]),
        ]

"""What is kept of an instance's health: where it stands, its history, and who is not told."""

from __future__ import annotations

from django.db import models

from executor.health.choices import SilenceKind
from executor.health.tally import Grain
from integration_hub.lib import clock
from integration_hub.lib.ids import new_id
from registry.choices import Health
from registry.models import Instance


class HealthCheckResult(models.Model):
    """One check of one instance; `slow` if it was answered late or calls beside it failed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    instance_id = models.UUIDField()
    instance_slug = models.CharField(max_length=80)
    at = models.DateTimeField()
    ok = models.BooleanField()
    slow = models.BooleanField(default=False, db_default=False)
    maintenance = models.BooleanField(default=False, db_default=False)
    code = models.CharField(max_length=40, default="", blank=True)
    detail = models.CharField(max_length=500, default="", blank=True)
    duration_ms = models.FloatField(null=True)

    class Meta:
        app_label = "executor"
        ordering = ["-id"]
        indexes = [models.Index(fields=["instance_id", "-id"])]


class HealthStatus(models.Model):
    """What the state machine remembers beside the instance's own columns.

    `announced` is the health that the last event told; `host` the `host:port` that the
    instance talks to.
    """

    instance = models.OneToOneField(
        Instance, on_delete=models.CASCADE, primary_key=True, related_name="health_status"
    )
    announced = models.CharField(max_length=12, choices=Health.choices, default=Health.UNKNOWN)
    slows = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    relapses = models.PositiveSmallIntegerField(default=0)
    recovered_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    duration_ms = models.FloatField(null=True)
    host = models.CharField(max_length=260, default="", blank=True, db_index=True)
    certificate_ends_at = models.DateTimeField(null=True)
    certificate_seen_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "executor"

    def __str__(self) -> str:
        return str(self.instance_id)


class HealthRollup(models.Model):
    """Checks and calls of one instance in one minute, hour or day; see `tally.Tally`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="+")
    grain = models.CharField(max_length=6, choices=[(item.value, item.value) for item in Grain])
    at = models.DateTimeField()
    good = models.PositiveIntegerField(default=0)
    slow = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    excluded = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    calls_failed = models.PositiveIntegerField(default=0)
    latencies = models.CharField(max_length=400, default="", blank=True)

    class Meta:
        app_label = "executor"
        constraints = [
            models.UniqueConstraint(fields=["instance", "grain", "at"], name="health_rollup_once")
        ]
        indexes = [models.Index(fields=["grain", "at"], name="health_rollup_age")]

    def __str__(self) -> str:
        return f"{self.instance_id} {self.grain} {self.at}"


class HealthSilence(models.Model):
    """A time in which nobody is told of an instance's health, or of any (no instance).

    In a `maintenance` checks do not count for its uptime either.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=12, choices=SilenceKind.choices)
    instance = models.ForeignKey(
        Instance, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    starts_at = models.DateTimeField(default=clock.now)
    ends_at = models.DateTimeField(db_index=True)
    reason = models.CharField(max_length=300, default="", blank=True)
    created_by = models.CharField(max_length=200, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        app_label = "executor"
        verbose_name = "maintenance or silence"
        verbose_name_plural = "maintenance and silences"
        ordering = ["-starts_at"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.instance.slug if self.instance else 'every instance'}"

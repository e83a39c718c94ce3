"""What processes share when there is no Redis, and the revisions that caches are keyed by."""

from django.db import models


class Revision(models.Model):
    """One row a cached family (`registry`, `credentials`, `access`), raised with every change."""

    name = models.CharField(max_length=40, primary_key=True)
    number = models.BigIntegerField(default=0)


class CircuitRow(models.Model):
    """State of one circuit, swapped by compare-and-set on `version`."""

    scope = models.CharField(max_length=300, primary_key=True)
    state = models.CharField(max_length=20, default="closed")
    window = models.TextField(default="[]")
    opened_at = models.FloatField(null=True)
    probes = models.TextField(default="{}")
    version = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)


class BucketRow(models.Model):
    """A token bucket as GCRA keeps it: the theoretical arrival time, in seconds."""

    scope = models.CharField(max_length=300, primary_key=True)
    arrival = models.FloatField()


class SlotRow(models.Model):
    """One held concurrency slot; it ends by itself at `until`."""

    id = models.UUIDField(primary_key=True)
    scope = models.CharField(max_length=300, db_index=True)
    until = models.DateTimeField()


class LeaseRow(models.Model):
    """A named lease with an owner token and a fence that only grows."""

    name = models.CharField(max_length=120, primary_key=True)
    owner = models.CharField(max_length=64, default="")
    until = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)


class Heartbeat(models.Model):
    """One row a living process: its kind, host and last sign of life."""

    id = models.CharField(max_length=120, primary_key=True)
    kind = models.CharField(max_length=20, db_index=True)
    host = models.CharField(max_length=120)
    pid = models.IntegerField()
    seen_at = models.DateTimeField()
    detail = models.CharField(max_length=200, default="", blank=True)

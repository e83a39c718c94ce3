"""What processes share when there is no Redis, and the revisions that caches are keyed by."""

from django.db import models


class Revision(models.Model):
    """One row a cached family (`registry`, `credentials`, `access`), raised with every change."""

    name = models.CharField(max_length=40, primary_key=True)
    number = models.BigIntegerField(default=0)


class CircuitRow(models.Model):
    """State of one circuit, swapped by compare-and-set on `version`.

    Moments are seconds since 1970 by the database's clock; `probes` is JSON text,
    the end of each probe in flight by its id.
    """

    scope = models.CharField(max_length=300, primary_key=True)
    state = models.CharField(max_length=20, default="closed")
    window = models.TextField(default="")
    opened_at = models.FloatField(default=0.0)
    cooldown = models.FloatField(default=0.0)
    probes = models.TextField(default="{}")
    good = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    generation = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)


class BucketRow(models.Model):
    """A token bucket as GCRA keeps it: the theoretical arrival time, in seconds."""

    scope = models.CharField(max_length=300, primary_key=True)
    arrival = models.FloatField()


class TurnRow(models.Model):
    """Who waits for a bucket or for slots, a lane a row: when the last one's turn ends."""

    scope = models.CharField(max_length=330, primary_key=True)
    ends = models.FloatField()


class SlotRow(models.Model):
    """One numbered concurrency slot: held by `holder` until `until`, in seconds since 1970."""

    scope = models.CharField(max_length=300)
    number = models.PositiveIntegerField()
    holder = models.CharField(max_length=40)
    until = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "number"], name="one_holder_a_slot")
        ]


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


class BudgetRow(models.Model):
    """The first tries and retries of a minute, packed; swapped by compare-and-set on `version`."""

    scope = models.CharField(max_length=300, primary_key=True)
    slots = models.TextField(default="")
    version = models.BigIntegerField(default=0)


class HoldKind(models.TextChoices):
    """Why a scope is held: it refused a call, its quota is used up, or one call tries it."""

    REFUSED = "refused"
    SPENT = "spent"
    PROBING = "probing"


class HoldRow(models.Model):
    """No call of `scope` until then, in seconds since 1970: its external system said so."""

    scope = models.CharField(max_length=300, primary_key=True)
    until = models.FloatField()
    kind = models.CharField(max_length=10, choices=HoldKind.choices)


class OperatedRow(models.Model):
    """A circuit that an operator holds open (`forced_open`) or switched off (`disabled`)."""

    scope = models.CharField(max_length=300, primary_key=True)
    state = models.CharField(max_length=20)

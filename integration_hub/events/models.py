"""The outbox: events are rows before they are messages."""

from django.db import models

from integration_hub.events.choices import DeliveryStatus
from integration_hub.lib.ids import new_id
from integration_hub.sealing.field import SealedField
from integration_hub.sealing.model import SealedModel


class Event(models.Model):
    """One fact, written in the transaction that made it true. `data` is JSON text, no secrets.

    `position` is its place in the order of delivery, given when its deliveries are
    planned: rows of transactions that end in another order than they began get theirs
    by their end. `reply_to` is a URL that is told beside the sinks, for `reply_owner`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    type = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    data = models.TextField(default="{}")
    created_at = models.DateTimeField()
    fanned_out = models.BooleanField(default=False)
    position = models.BigIntegerField(null=True)
    # Null and without a default, as every column added to a long table: no row is rewritten.
    reply_to = models.CharField(max_length=2000, null=True)  # noqa: DJ001
    reply_owner = models.CharField(max_length=120, null=True)  # noqa: DJ001

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(fanned_out=False), name="event_pending"),
            models.Index(fields=["subject", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.type} · {self.subject}"


class EventSink(SealedModel):
    """A receiver and what it wants to hear. `type` is a plug-in name, so no choices.

    Below `enabled` stands what its deliveries showed: `failing_since` is the first
    failure after the last success, `paused_until` the end of a pause that it asked for,
    `proven_at` when it first took an event at its present address, and
    `disabled_reason` why the hub (not a person) switched it off. One with an `owner`
    was made by the hub for that caller's callbacks, one for each host that they go to.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120, unique=True)
    type = models.CharField(max_length=40)
    owner = models.CharField(max_length=120, default="", blank=True, editable=False)
    config = models.TextField(default="{}", blank=True)
    secret = SealedField(key_field="secret_key")
    secret_key = models.CharField(max_length=16, default="", blank=True, editable=False)
    filters = models.TextField(default="{}", blank=True)
    enabled = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True, editable=False)
    paused_until = models.DateTimeField(null=True, editable=False)
    proven_at = models.DateTimeField(null=True, editable=False)
    succeeded_at = models.DateTimeField(null=True, editable=False)
    disabled_reason = models.CharField(max_length=300, default="", blank=True, editable=False)
    last_error = models.CharField(max_length=500, default="", blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One event for one sink, until the sink has it.

    `stepped_aside`: it failed so often while the sink took others that those behind it
    no longer wait for it. `status_code` is the receiver's last answer, where it gave one.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    sink = models.ForeignKey(EventSink, on_delete=models.CASCADE, related_name="deliveries")
    subject = models.CharField(max_length=200)
    status = models.CharField(
        max_length=12, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING
    )
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    position = models.BigIntegerField(default=0)
    url = models.CharField(max_length=2000, default="", blank=True)
    failing_since = models.DateTimeField(null=True)
    stepped_aside = models.BooleanField(default=False)
    status_code = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=500, default="", blank=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "sink"], name="delivery_once_per_sink")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(status="pending"), name="delivery_due"
            ),
            models.Index(
                fields=["sink", "position"],
                condition=models.Q(status="pending"),
                name="delivery_in_order",
            ),
            models.Index(
                fields=["sink", "subject", "position"],
                condition=models.Q(status="pending"),
                name="delivery_key",
            ),
            models.Index(
                fields=["sink", "-id"],
                condition=models.Q(status="dead"),
                name="delivery_dead",
            ),
        ]

    def __str__(self) -> str:
        return str(self.event_id)


class FailedAttempt(models.Model):
    """A try that the receiver did not take; the one that it took is the delivery's own mark."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="failures")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.FloatField()
    status_code = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=500)
    answer = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        ordering = ["id"]


class PositionCounter(models.Model):
    """The one row with the last position that was given."""

    value = models.BigIntegerField(default=0)

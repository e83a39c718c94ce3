"""The outbox: events are rows before they are messages."""

from django.db import models

from integration_hub.events.choices import DeliveryStatus
from integration_hub.lib.ids import new_id
from integration_hub.sealing.field import SealedField
from integration_hub.sealing.model import SealedModel


class Event(models.Model):
    """One fact, written in the transaction that made it true. `data` is JSON text, no secrets."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    type = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    data = models.TextField(default="{}")
    created_at = models.DateTimeField()
    fanned_out = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(fanned_out=False), name="event_pending"),
            models.Index(fields=["subject", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.type} · {self.subject}"


class EventSink(SealedModel):
    """A receiver and what it wants to hear. `type` is a plug-in name, so no choices."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120, unique=True)
    type = models.CharField(max_length=40)
    config = models.TextField(default="{}", blank=True)
    secret = SealedField(key_field="secret_key")
    secret_key = models.CharField(max_length=16, default="", blank=True, editable=False)
    filters = models.TextField(default="{}", blank=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One event for one sink, until the sink has it."""

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
                fields=["event"], condition=models.Q(status="pending"), name="delivery_in_order"
            ),
            models.Index(
                fields=["sink", "subject", "event"],
                condition=models.Q(status="pending"),
                name="delivery_key",
            ),
        ]

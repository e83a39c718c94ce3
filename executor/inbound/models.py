"""Hooks that came in, once each, and the secrets that they are verified with."""

from __future__ import annotations

from django.db import models

from executor.inbound.choices import HookStatus, SecretKind
from integration_hub.lib.ids import new_id
from integration_hub.sealing.field import SealedField
from integration_hub.sealing.keyring import CannotOpen
from integration_hub.sealing.model import SealedModel
from registry.models import Instance


class HookSecret(SealedModel):
    """One of the secrets of an instance's hooks; several are in force while one is replaced."""

    in_fixtures = False

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=SecretKind.choices, default=SecretKind.SIGNING)
    secret = SealedField(key_field="secret_key")
    secret_key = models.CharField(
        max_length=16, default="", blank=True, editable=False, db_index=True
    )
    hint = models.CharField(max_length=40, default="", blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        verbose_name = "webhook secret"

    def __str__(self) -> str:
        return f"{self.instance.slug} {self.hint}"

    def open_secret(self) -> str:
        """The sealed JSON text. Raises CannotOpen, also when there is nothing."""
        if self.secret is None:
            raise CannotOpen("nothing is stored")
        return str(self.secret.open(self))


class ReceivedHook(SealedModel):
    """One hook, kept once however often it came.

    `event_key` is the digest of what tells it from others; with the instance it is unique,
    which is what makes twenty copies one. `raw` is the body as it came, sealed; `shown` and
    `headers` are its masked forms. The instance is kept as text beside its id, so that
    history blocks no deletion.
    """

    in_fixtures = False

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    instance_id = models.UUIDField()
    instance_slug = models.CharField(max_length=80)
    event_key = models.CharField(max_length=64)
    event_id = models.CharField(max_length=255, default="", blank=True)
    event_type = models.CharField(max_length=200, default="", blank=True)
    verifier = models.CharField(max_length=40)
    signed = models.BooleanField()
    status = models.CharField(max_length=12, choices=HookStatus.choices)
    error = models.CharField(max_length=1_000, default="", blank=True)
    execution_id = models.UUIDField(null=True, blank=True)
    content_type = models.CharField(max_length=255, default="", blank=True)
    size = models.PositiveIntegerField()
    headers = models.TextField(default="{}", blank=True)
    shown = models.TextField(default="", blank=True)
    raw = SealedField(key_field="raw_key")
    raw_key = models.CharField(max_length=16, default="", blank=True, editable=False, db_index=True)
    copies = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name = "received webhook"
        constraints = [
            models.UniqueConstraint(fields=["instance_id", "event_key"], name="hook_once")
        ]
        indexes = [models.Index(fields=["instance_slug", "-id"], name="hook_of_instance")]

    def __str__(self) -> str:
        return f"{self.instance_slug} · {self.event_type or self.event_id}"

    def body(self) -> bytes:
        """The bytes as they came. Raises CannotOpen, also when there are none."""
        if self.raw is None:
            raise CannotOpen("nothing is stored")
        # Latin-1 maps every byte to one character: bytes survive a column of text.
        return self.raw.open(self).encode("latin-1")


class ParkedMessage(SealedModel):
    """A consumed message that never can be a call: acknowledged, kept whole, with the reason.

    `digest` is of its queue and bytes: one that is handed out again is parked once.
    `limits` are those of the consumer that took it, as JSON: what it might call.
    """

    in_fixtures = False

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    digest = models.CharField(max_length=64, unique=True)
    broker = models.CharField(max_length=40)
    queue = models.CharField(max_length=200)
    event_id = models.CharField(max_length=255, default="", blank=True)
    code = models.CharField(max_length=40)
    reason = models.CharField(max_length=1_000)
    size = models.PositiveIntegerField()
    limits = models.TextField(default="{}", blank=True)
    raw = SealedField(key_field="raw_key")
    raw_key = models.CharField(max_length=16, default="", blank=True, editable=False, db_index=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.queue} · {self.event_id or self.code}"

    def body(self) -> bytes:
        """The bytes as they came. Raises CannotOpen, also when there are none."""
        if self.raw is None:
            raise CannotOpen("nothing is stored")
        return self.raw.open(self).encode("latin-1")

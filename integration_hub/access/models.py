"""API tokens: shown once, stored as a hash, limited by scope, instance and context."""

from django.db import models

from integration_hub.lib.ids import new_id
from integration_hub.sealing.field import SealedField
from integration_hub.sealing.model import SealedModel


class Token(SealedModel):
    """`instances` and `contexts` hold names, not keys; an empty list means no limit.

    A context is `global`, `client:<id>` or `user:<id>`. The webhook secret signs what
    the token's own callbacks are told; tokens from before there were any have none.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=16, db_index=True)
    digest = models.CharField(max_length=64, unique=True)
    webhook_secret = SealedField(key_field="webhook_secret_key")
    webhook_secret_key = models.CharField(max_length=16, default="", blank=True, editable=False)
    scopes = models.JSONField(default=list)
    instances = models.JSONField(default=list, blank=True)
    contexts = models.JSONField(default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Denial(models.Model):
    """How often one source was refused within one minute; becomes one audit row after it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    action = models.CharField(max_length=60)
    source = models.CharField(max_length=64)
    actor = models.CharField(max_length=200)
    minute = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["minute", "source", "actor", "action"], name="denial_once_a_minute"
            )
        ]

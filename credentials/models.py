"""Who we are to the external systems. The secret is sealed and never leaves by any read."""

from django.db import models

from credentials.choices import CredentialStatus
from integration_hub.lib.ids import new_id
from integration_hub.sealing.field import SealedField
from integration_hub.sealing.keyring import CannotOpen
from integration_hub.sealing.model import SealedModel
from registry.models import Instance


class Credential(SealedModel):
    """The one credential of an instance. `revision` rises with every change of the secret."""

    in_fixtures = False

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    instance = models.OneToOneField(Instance, on_delete=models.CASCADE, related_name="credential")
    auth_id = models.CharField(max_length=80)
    type = models.CharField(max_length=40)
    secret = SealedField(key_field="secret_key")
    secret_key = models.CharField(
        max_length=16, default="", blank=True, editable=False, db_index=True
    )
    hint = models.CharField(max_length=120, default="", blank=True)
    status = models.CharField(
        max_length=12, choices=CredentialStatus.choices, default=CredentialStatus.ACTIVE
    )
    status_reason = models.CharField(max_length=300, default="", blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["instance__slug"]

    def open_secret(self) -> str:
        """The sealed JSON text. Raises CannotOpen, also when there is nothing."""
        if self.secret is None:
            raise CannotOpen("nothing is stored")
        return str(self.secret.open(self))

    def __str__(self) -> str:
        return f"{self.instance.slug} ({self.type})"

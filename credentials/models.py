"""Who we are to the external systems. The secret is sealed and never leaves by any read."""

from django.db import models

from credentials.choices import CredentialStatus, FlowVia
from integration_hub.lib.ids import new_id
from integration_hub.sealing.field import SealedField
from integration_hub.sealing.keyring import CannotOpen
from integration_hub.sealing.model import SealedModel
from registry.models import Instance


class Credential(SealedModel):
    """The one credential of an instance. `revision` rises with every change of the secret.

    `refresh_owner` may acquire until `refresh_until`, by the database's clock; none
    does before `retry_at`. `attend_at`: when the scheduler has to look at it.
    """

    in_fixtures = False

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    instance = models.OneToOneField(Instance, on_delete=models.CASCADE, related_name="credential")
    auth_id = models.CharField(max_length=80)
    type = models.CharField(max_length=40)
    secret = SealedField(key_field="secret_key")
    secret_key = models.CharField(
        max_length=16, default="", blank=True, editable=False, db_index=True
    )
    # What was in force before a rotation, and how long it may still be used.
    previous = SealedField(key_field="previous_key")
    previous_key = models.CharField(max_length=16, default="", blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    rotated_at = models.DateTimeField(null=True, blank=True, editable=False)
    hint = models.CharField(max_length=120, default="", blank=True)
    status = models.CharField(
        max_length=12, choices=CredentialStatus.choices, default=CredentialStatus.ACTIVE
    )
    status_reason = models.CharField(max_length=300, default="", blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    # Of what was acquired with it: a token, a session. Without `refresh_at` nothing can be.
    scope = models.TextField(default="", blank=True)
    scope_missing = models.TextField(default="", blank=True)  # asked of a person, not granted
    token_expires_at = models.DateTimeField(null=True, blank=True)
    refresh_at = models.DateTimeField(null=True, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    refresh_owner = models.CharField(max_length=32, default="", blank=True, editable=False)
    refresh_until = models.DateTimeField(null=True, blank=True, editable=False)
    retry_at = models.DateTimeField(null=True, blank=True, editable=False)
    strikes = models.PositiveSmallIntegerField(default=0, editable=False)
    struck_on = models.DateField(null=True, blank=True, editable=False)
    warned_days = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    attend_at = models.DateTimeField(null=True, blank=True, editable=False, db_index=True)
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


class ConnectLink(models.Model):
    """Lets whoever holds its signed address connect one instance, once, until it expires."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="connect_links")
    auth_id = models.CharField(max_length=80)
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.instance_id} until {self.expires_at}"


class OAuthFlow(SealedModel):
    """One journey to an authorization server: its state is known by digest, and claimed once.

    `secret` holds the PKCE verifier and the client; `asked` the scopes; `browser_digest`
    is of the cookie of the browser that has to come back, where a browser began it.
    """

    in_fixtures = False

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="+")
    auth_id = models.CharField(max_length=80)
    state_digest = models.CharField(max_length=64, unique=True)
    secret = SealedField(key_field="secret_key")
    secret_key = models.CharField(
        max_length=16, default="", blank=True, editable=False, db_index=True
    )
    via = models.CharField(max_length=8, choices=FlowVia.choices)
    started_by = models.CharField(max_length=200)
    browser_digest = models.CharField(max_length=64, default="", blank=True)
    link = models.ForeignKey(
        ConnectLink, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    asked = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    claimed_at = models.DateTimeField(null=True, blank=True)

    def open_secret(self) -> str:
        """The sealed JSON text. Raises CannotOpen, also when there is nothing."""
        if self.secret is None:
            raise CannotOpen("nothing is stored")
        return str(self.secret.open(self))

    def __str__(self) -> str:
        return f"{self.instance_id} via {self.via}"

from django.db.models import TextChoices


class HookStatus(TextChoices):
    """`received`: told by its event; `queued`: a method call was accepted with it;
    `failed`: kept, but its body could not be reshaped or the call was refused;
    `discarded`: a person gave it up, and what it held is gone."""

    RECEIVED = "received"
    QUEUED = "queued"
    FAILED = "failed"
    DISCARDED = "discarded"


class SecretKind(TextChoices):
    """`verify_token` is what Meta's handshake compares; it signs nothing."""

    SIGNING = "signing"
    VERIFY_TOKEN = "verify_token"  # noqa: S105 - the word for it, not one

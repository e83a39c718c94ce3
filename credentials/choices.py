from django.db.models import TextChoices


class CredentialStatus(TextChoices):
    ACTIVE = "active"
    REFRESHING = "refreshing"
    EXPIRED = "expired"
    REVOKED = "revoked"

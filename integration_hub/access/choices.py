from django.db.models import TextChoices


class Scope(TextChoices):
    """What a token may do (contract §3)."""

    EXECUTE = "execute", "execute: call methods, read what it started"
    READ = "read", "read: every GET but audit"
    MANAGE = "manage", "manage: read, all writes, audit"
    CREDENTIALS = "credentials", "credentials: credentials and OAuth only"

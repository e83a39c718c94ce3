from django.db.models import TextChoices


class SilenceKind(TextChoices):
    MAINTENANCE = "maintenance"
    SILENCE = "silence"

from django.db.models import TextChoices


class TransformStatus(TextChoices):
    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"

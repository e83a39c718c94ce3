"""Transforms that have a name: one row a version."""

from __future__ import annotations

from typing import Any

from django.db import models

from integration_hub.lib.errors import Conflict
from integration_hub.lib.ids import new_id
from transformer.choices import TransformStatus

IMMUTABLE = "A published transform never changes: create a new version instead."
_FROZEN = frozenset({"slug", "version", "description", "document"})


class NamedTransform(models.Model):
    """One name at one semantic version. `document` is JSON text: `spec` and `examples` beside
    what the columns say too."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=80)
    version = models.CharField(max_length=40)
    description = models.TextField(default="", blank=True)
    status = models.CharField(
        max_length=12, choices=TransformStatus.choices, default=TransformStatus.DRAFT
    )
    document = models.TextField()
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "transform"
        ordering = ["slug", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["slug", "version"], name="transform_version_once")
        ]

    def __str__(self) -> str:
        return self.ref

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises Conflict when this would change what was published."""
        stored = NamedTransform.objects.filter(pk=self.pk).exclude(status=TransformStatus.DRAFT)
        before = stored.values(*_FROZEN).first()
        if before is not None and any(before[name] != getattr(self, name) for name in _FROZEN):
            raise Conflict(IMMUTABLE)
        super().save(*args, **kwargs)

    @property
    def ref(self) -> str:
        return f"{self.slug}@{self.version}"

"""What exists: definition versions, and instances that use one of them."""

from __future__ import annotations

from typing import Any

from django.db import models

from integration_hub.lib.errors import Conflict
from integration_hub.lib.ids import new_id
from integration_hub.sealing.field import SealedField
from integration_hub.sealing.model import SealedModel
from registry.choices import ContextType, DefinitionStatus, Health, InstanceState
from registry.querysets import FROZEN, IMMUTABLE, DefinitionQuerySet, InstanceQuerySet
from registry.search import SearchTextField


class Definition(models.Model):
    """One slug at one semantic version. `document` is the JSON text of contract §4.

    `resolved` is that text with what it inherits, for one that extends another: fixed
    when it is published, so that a later version of its base changes nothing. `search_text`
    is what a search looks into.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=80)
    version = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    type = models.CharField(max_length=40)
    status = models.CharField(
        max_length=12, choices=DefinitionStatus.choices, default=DefinitionStatus.DRAFT
    )
    document = models.TextField()
    resolved = models.TextField(default="", db_default="", blank=True)
    digest = models.CharField(max_length=64)
    description = models.TextField(default="", blank=True)
    tags = models.CharField(max_length=300, default="", blank=True)
    search_text = SearchTextField(default="", db_default="", blank=True)
    sunset = models.DateField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    published_at = models.DateTimeField(null=True, blank=True)

    objects = DefinitionQuerySet.as_manager()

    class Meta:
        ordering = ["slug", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["slug", "version"], name="definition_version_once")
        ]
        indexes = [models.Index(fields=["slug", "-id"], name="definition_listed")]

    def __str__(self) -> str:
        return self.ref

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises Conflict when this would change what was published."""
        if not self._state.adding:
            self._refuse_changes(kwargs.get("update_fields"))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Raises Conflict unless this is a draft."""
        if Definition.objects.filter(pk=self.pk).exclude(status=DefinitionStatus.DRAFT).exists():
            raise Conflict("Only drafts can be deleted: archive what was published.")
        return super().delete(*args, **kwargs)

    @property
    def ref(self) -> str:
        return f"{self.slug}@{self.version}"

    @property
    def effective(self) -> str:
        """The text that counts: the document with what it inherits."""
        return self.resolved or self.document

    def _refuse_changes(self, update_fields: Any) -> None:
        touched = FROZEN if update_fields is None else FROZEN & set(update_fields)
        published = Definition.objects.filter(pk=self.pk).exclude(status=DefinitionStatus.DRAFT)
        stored = published.values("status", *FROZEN).first() if touched else None
        if stored is None:
            return
        changed = any(stored[name] != getattr(self, name) for name in touched)
        if changed or (update_fields is None and self.status == DefinitionStatus.DRAFT):
            raise Conflict(IMMUTABLE)


class DefinitionImport(models.Model):
    """The description that a definition was last made of, as what it became.

    `document` is the imported definition document as JSON text, before anyone edited it:
    the base that a later revision of the description is merged upon. `source` is where
    the description came from, without credentials or a query; `include` and `report` are
    JSON text.
    """

    definition = models.OneToOneField(
        Definition, on_delete=models.CASCADE, primary_key=True, related_name="imported"
    )
    importer = models.CharField(max_length=40)
    source = models.CharField(max_length=500, default="", blank=True)
    include = models.TextField(default="{}", blank=True)
    document = models.TextField()
    report = models.TextField(default="{}", blank=True)
    imported_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"import of {self.definition_id}"


class StagedImport(SealedModel):
    """A description that a person is about to import: between two pages, for a day.

    Sealed, because collections hold what their authors typed into them. `merge_with` is
    the definition that it is merged with, if any.
    """

    in_fixtures = False

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.CharField(max_length=200, db_index=True)
    importer = models.CharField(max_length=40)
    origin = models.CharField(max_length=2_048, default="", blank=True)
    merge_with = models.ForeignKey(
        Definition, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    description = SealedField(key_field="description_key")
    description_key = models.CharField(
        max_length=16, default="", blank=True, editable=False, db_index=True
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.importer} of {self.owner}"


class Instance(models.Model):
    """One configured connection. `config`, `labels` and `overrides` are JSON text.

    `revision` rises with every edit and is the ETag. `state` is written by
    `registry.services.set_instance_state` alone, `health` by the health checks. The
    previous version and config are those before the last upgrade; no config where it was
    edited since.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="instances")
    config = models.TextField(default="{}", blank=True)
    context_type = models.CharField(
        max_length=10, choices=ContextType.choices, default=ContextType.GLOBAL
    )
    context_id = models.CharField(max_length=120, default="", blank=True)
    labels = models.TextField(default="{}", blank=True)
    overrides = models.TextField(default="{}", blank=True)
    enabled = models.BooleanField(default=True)
    state = models.CharField(max_length=24, choices=InstanceState.choices)
    state_reason = models.CharField(max_length=500, default="", blank=True)
    state_since = models.DateTimeField(auto_now_add=True)
    health = models.CharField(max_length=12, choices=Health.choices, default=Health.UNKNOWN)
    health_reason = models.CharField(max_length=500, default="", blank=True)
    health_since = models.DateTimeField(null=True, blank=True)
    check_due_at = models.DateTimeField(null=True, blank=True)
    check_lease_until = models.DateTimeField(null=True, blank=True)
    consecutive_failures = models.PositiveIntegerField(default=0)
    consecutive_successes = models.PositiveIntegerField(default=0)
    previous_version = models.CharField(max_length=40, default="", db_default="", blank=True)
    previous_config = models.TextField(default="", db_default="", blank=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = InstanceQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        indexes = [
            models.Index(
                fields=["check_due_at"],
                condition=models.Q(enabled=True),
                name="instance_check_due",
            ),
            models.Index(fields=["context_type", "context_id"]),
        ]

    def __str__(self) -> str:
        return self.slug


class AdapterSwitch(models.Model):
    """The operator's switch for one adapter; no row means on."""

    type = models.CharField(max_length=40, primary_key=True)
    enabled = models.BooleanField(default=True)
    reason = models.CharField(max_length=300, default="", blank=True)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        verbose_name_plural = "adapter switches"

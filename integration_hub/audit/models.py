"""Who did what. Append-only: no update or delete through the ORM, the admin or the API."""

from typing import Any, NoReturn, Self

from django.db import models

from integration_hub.audit.actors import names_of
from integration_hub.lib.ids import new_id
from integration_hub.sealing.field import SealedField
from integration_hub.sealing.model import SealedModel

REFUSAL = "the audit log is append-only"


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    _named = False

    def with_actor_names(self) -> Self:
        """Rows that know `actor_name`, looked up for all of them at once when they are read."""
        named = self.all()
        named._named = True
        return named

    def _clone(self) -> Self:
        made: Self = super()._clone()  # type: ignore[misc]  # Django's own, untyped
        made._named = self._named
        return made

    def _fetch_all(self) -> None:
        fresh = self._result_cache is None
        super()._fetch_all()
        if fresh and self._named:
            rows = [row for row in self._result_cache or () if isinstance(row, AuditEntry)]
            names = names_of(row.actor for row in rows)
            for row in rows:
                row.actor_name = names.get(row.actor, "")

    def update(self, **_: Any) -> NoReturn:
        raise TypeError(REFUSAL)

    def _update(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(REFUSAL)

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("update_conflicts"):
            raise TypeError(REFUSAL)
        return super().bulk_create(*args, **kwargs)

    def delete(self) -> NoReturn:
        raise TypeError(REFUSAL)

    def _raw_delete(self, using: str | None) -> NoReturn:
        raise TypeError(REFUSAL)


class AuditEntry(models.Model):
    """Inserted in the transaction of its fact; `sequence` and `chain` are set by the sealer."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    source = models.CharField(max_length=64, default="", blank=True)
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=40)
    target = models.CharField(max_length=200)
    detail = models.TextField(default="{}")
    request_id = models.CharField(max_length=128, default="", blank=True)
    sequence = models.BigIntegerField(null=True, unique=True)
    chain = models.CharField(max_length=64, default="", blank=True)

    actor_name = ""
    """Set by `with_actor_names()`; empty for who has none."""

    objects = AuditQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"  # what saves and deletes go through, refuses them too
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["target_type", "target", "-id"])]

    def __str__(self) -> str:
        return f"{self.actor} · {self.action} · {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(REFUSAL)
        super().save(*args, **kwargs | {"force_insert": True})

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(REFUSAL)


class AuditChain(SealedModel):
    """The one row that the sealer holds on to: its key, and the last row it chained.

    The key is random and sealed like a credential, so a new key in FERNET_KEYS
    takes it along and breaks no chain. `mac` proves `sequence` and `chain`.
    """

    in_fixtures = False

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    key = SealedField(key_field="key_key")
    key_key = models.CharField(max_length=16, default="", blank=True, editable=False)
    sequence = models.BigIntegerField(default=0)
    chain = models.CharField(max_length=64, default="", blank=True)
    mac = models.CharField(max_length=64)
    at = models.DateTimeField()


class AuditCheckpoint(models.Model):
    """The chain's end as it was at a time, proven by its `mac`."""

    sequence = models.BigIntegerField(primary_key=True)
    chain = models.CharField(max_length=64)
    mac = models.CharField(max_length=64)
    at = models.DateTimeField()

"""Who did what. Append-only: no update or delete through the ORM, the admin or the API."""

from typing import Any, NoReturn

from django.db import models

from integration_hub.lib.ids import new_id

REFUSAL = "the audit log is append-only"


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **_: Any) -> NoReturn:
        raise TypeError(REFUSAL)

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

    objects = AuditQuerySet.as_manager()

    class Meta:
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

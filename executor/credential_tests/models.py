"""What the asking side and the worker share."""

from django.db import models

from integration_hub.lib.ids import new_id


class CredentialTest(models.Model):
    """A credential's test between the web process that asks and the worker that runs it.

    `report` is JSON text, empty until the end. Whoever asked deletes the row with the
    answer; what was tested, and by whom, is in the audit log.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    instance_id = models.UUIDField()
    caller = models.CharField(max_length=120)
    caller_name = models.CharField(max_length=200, default="", blank=True)
    source = models.CharField(max_length=64, default="", blank=True)
    request_id = models.CharField(max_length=128, default="", blank=True)
    asked_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    report = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["asked_at"])]

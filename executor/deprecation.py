"""`Deprecation` (RFC 9745) and `Sunset` (RFC 8594): a deprecated definition still executes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from django.utils.http import http_date

from executor.calls import Reply, Target
from registry.choices import DefinitionStatus
from registry.models import Definition


def marked(target: Target, reply: Reply) -> Reply:
    """The same answer, with the headers that warn whoever calls a deprecated definition."""
    instance = target.instance
    if instance.definition_status != DefinitionStatus.DEPRECATED:
        return reply
    # What is published never changes again, so its last change was the deprecation.
    since = Definition.objects.values_list("updated_at", flat=True).get(pk=instance.definition_id)
    headers = {**reply.headers, "Deprecation": f"@{int(since.timestamp())}"}
    if instance.spec.sunset:
        end = datetime.combine(date.fromisoformat(instance.spec.sunset), time(), UTC)
        headers["Sunset"] = http_date(end.timestamp())
    return Reply(reply.status, reply.body, headers)

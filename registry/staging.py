"""Descriptions between two pages of the admin: kept sealed, for their owner, for a day."""

from __future__ import annotations

import base64
import zlib
from datetime import timedelta
from typing import Any
from uuid import UUID

from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import NotFound
from integration_hub.sealing.field import seal
from registry.import_services import recognised
from registry.import_source import read_source
from registry.models import Definition, StagedImport

KEPT = timedelta(days=1)
MOST_OF_ONE = 5


def stage_description(
    *,
    owner: str,
    document: bytes | None = None,
    url: str = "",
    merge_with: Definition | None = None,
) -> StagedImport:
    """Read a description and keep it for `owner`; what is old, or too many, goes.

    Raises ValidationFailed, TargetForbidden, UpstreamError.
    """
    described = read_source(document=document, url=url)
    row = StagedImport(
        owner=owner,
        importer=recognised(described).name,
        origin=url,
        merge_with=merge_with,
        created_at=clock.now(),
    )
    packed = zlib.compress(jsonsafe.dumps_text(described).encode("utf-8"))
    row.description = seal(row, "description", base64.b85encode(packed).decode("ascii"))
    StagedImport.objects.filter(created_at__lt=clock.now() - KEPT).delete()
    mine = StagedImport.objects.filter(owner=owner).order_by("-created_at", "-id")
    spare = list(mine.values_list("pk", flat=True)[MOST_OF_ONE - 1 :])
    StagedImport.objects.filter(pk__in=spare).delete()
    row.save(force_insert=True)
    return row


def staged(key: UUID, owner: str) -> tuple[StagedImport, dict[str, Any]]:
    """The row and its description. Raises NotFound for another's, or one that is gone."""
    row = StagedImport.objects.filter(pk=key, owner=owner).select_related("merge_with").first()
    if row is None or row.description is None:
        raise NotFound("This description is not kept any more: give it again.")
    packed = base64.b85decode(row.description.open(row))
    return row, jsonsafe.loads(zlib.decompress(packed))

"""The life of a named transform: draft, published, archived."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from integration_hub.audit.services import record
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import Conflict, Fault, NotFound, ValidationFailed
from transformer.choices import TransformStatus
from transformer.models import IMMUTABLE, NamedTransform
from transformer.named.document import Tested, judge, run_examples

Precondition = Callable[[NamedTransform], None]


def create_transform(*, document: Mapping[str, Any], actor: str) -> NamedTransform:
    """Store a new draft. Raises ValidationFailed with every fault, Conflict when it exists."""
    row = NamedTransform(**_columns(document))
    with transaction.atomic():
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise _taken(row.ref) from None
        _audit(actor, "transform.created", row)
    return row


def update_transform(
    *,
    transform: NamedTransform,
    document: Mapping[str, Any],
    actor: str,
    precondition: Precondition | None = None,
) -> NamedTransform:
    """Replace a draft's document. Raises ValidationFailed, and Conflict for what is no draft."""
    columns = _columns(document)
    with transaction.atomic():
        row = _locked(transform, precondition)
        if row.status != TransformStatus.DRAFT:
            raise Conflict(IMMUTABLE, extra={"status": row.status})
        try:
            with transaction.atomic():
                NamedTransform.objects.filter(pk=row.pk).update(
                    **columns, revision=F("revision") + 1, updated_at=clock.now()
                )
        except IntegrityError:
            raise _taken(f"{columns['slug']}@{columns['version']}") from None
        row.refresh_from_db()
        _audit(actor, "transform.changed", row)
    return row


def publish_transform(
    *, transform: NamedTransform, actor: str, precondition: Precondition | None = None
) -> NamedTransform:
    """`draft` → `published`: from now on it never changes. Its examples are run as tests.

    Raises ValidationFailed, naming each example that does not hold; Conflict for what is no
    draft, or was changed while its examples ran.
    """
    if transform.status == TransformStatus.DRAFT:  # no row is locked meanwhile
        _require_examples(jsonsafe.loads(transform.document))
    with transaction.atomic():
        row = _locked(transform, precondition)
        if row.status == TransformStatus.DRAFT and row.document != transform.document:
            raise Conflict("The draft was changed at the same time: read it again.")
        _move(row, TransformStatus.PUBLISHED, TransformStatus.DRAFT, published_at=clock.now())
        _audit(actor, "transform.published", row)
    return row


def archive_transform(
    *, transform: NamedTransform, actor: str, precondition: Precondition | None = None
) -> NamedTransform:
    """`published` → `archived`: no range finds it. Definitions that have taken it keep it."""
    with transaction.atomic():
        row = _locked(transform, precondition)
        _move(row, TransformStatus.ARCHIVED, TransformStatus.PUBLISHED)
        _audit(actor, "transform.archived", row)
    return row


def delete_transform(
    *, transform: NamedTransform, actor: str, precondition: Precondition | None = None
) -> None:
    """Delete a draft. Raises Conflict for anything that was published."""
    with transaction.atomic():
        row = _locked(transform, precondition)
        if row.status != TransformStatus.DRAFT:
            detail = f"{row.ref} is {row.status}: only drafts can be deleted; archive it instead."
            raise Conflict(detail, extra={"status": row.status})
        _audit(actor, "transform.deleted", row)
        row.delete()


def check_transform(*, transform: NamedTransform) -> list[Tested]:
    """Its examples, run now."""
    return run_examples(jsonsafe.loads(transform.document))


def _columns(document: Mapping[str, Any]) -> dict[str, Any]:
    judge(document)
    return {
        "slug": document["slug"],
        "version": document["version"],
        "description": document.get("description", ""),
        "document": jsonsafe.dumps_text(document),
    }


def _require_examples(document: Mapping[str, Any]) -> None:
    judge(document)
    wrong = [tested for tested in run_examples(document) if not tested.ok]
    if wrong:
        raise ValidationFailed(
            f"{len(wrong)} of its examples do not hold; see errors.",
            errors=[Fault(f"/examples/{item.number}", item.detail, "EXAMPLE") for item in wrong],
        )


def _locked(transform: NamedTransform, precondition: Precondition | None) -> NamedTransform:
    row = NamedTransform.objects.select_for_update().filter(pk=transform.pk).first()
    if row is None:
        raise NotFound(f"{transform.ref} was deleted meanwhile.")
    if precondition is not None:
        precondition(row)
    return row


def _move(
    row: NamedTransform, status: TransformStatus, before: TransformStatus, **columns: Any
) -> None:
    swapped = NamedTransform.objects.filter(pk=row.pk, status=before).update(
        **columns, status=status, updated_at=clock.now(), revision=F("revision") + 1
    )
    if not swapped:
        raise Conflict(
            f"{row.ref} is {row.status}; only what is {before.value} becomes {status.value}.",
            extra={"status": row.status},
        )
    row.refresh_from_db()


def _taken(ref: str) -> Conflict:
    fault = Fault("/version", "This version exists already: raise the number.", "TAKEN")
    return Conflict(f"{ref} exists already: raise the version, or edit the draft.", errors=[fault])


def _audit(actor: str, action: str, row: NamedTransform) -> None:
    record(
        actor=actor,
        action=action,
        target_type="transform",
        target=row.ref,
        detail={"status": row.status},
    )

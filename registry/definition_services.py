"""The life of a definition: draft, published, deprecated, archived."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from integration_hub.audit.services import record
from integration_hub.coordination import revision
from integration_hub.events import services as events
from integration_hub.events.choices import EventType
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import Conflict, DefinitionNotFound, Fault
from integration_hub.lib.merge_patch import apply_patch
from registry.choices import DefinitionStatus
from registry.comparing import compare_versions, published_before
from registry.compatibility.versions import next_breaking
from registry.document import parse_definition
from registry.models import Definition
from registry.querysets import IMMUTABLE
from registry.resolving import resolved
from registry.search import search_text
from registry.selectors import instances_using

REVISION = "registry"
Precondition = Callable[[Definition], None]
_MOST_LISTED = 100


def digest_of(document: Mapping[str, Any]) -> str:
    """Equal for equal documents, whatever the order of their members."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def create_definition(
    *, document: Mapping[str, Any], actor: str, publish: bool = False, reason: str = ""
) -> Definition:
    """Store a new draft, or publish it at once.

    Raises ValidationFailed with every fault, Conflict when this version exists.
    """
    row = Definition(**_columns(document))
    with transaction.atomic():
        _insert(row)
        _audit(actor, "definition.created", row)
        if publish:
            return publish_definition(definition=row, actor=actor, reason=reason)
    return row


def update_definition(
    *,
    definition: Definition,
    document: Mapping[str, Any],
    actor: str,
    merge: bool = False,
    precondition: Precondition | None = None,
) -> Definition:
    """Replace a draft's document, or with `merge` patch it (RFC 7396).

    Raises ValidationFailed, Conflict for one that is not a draft any more.
    """
    with transaction.atomic():
        row = _locked(definition, precondition)
        if row.status != DefinitionStatus.DRAFT:
            raise Conflict(IMMUTABLE, extra={"status": row.status})
        if merge:
            document = apply_patch(jsonsafe.loads(row.document), document)
        columns = _columns(document)
        if (columns["digest"], columns["resolved"]) == (row.digest, row.resolved):
            return row
        _replace(row, columns)
        _audit(actor, "definition.changed", row)
        revision.bump(REVISION)
    return Definition.objects.get(pk=row.pk)


def publish_definition(
    *,
    definition: Definition,
    actor: str,
    reason: str = "",
    precondition: Precondition | None = None,
) -> Definition:
    """`draft` → `published`, judged once more: the checks may have grown since the draft.

    Raises Conflict with `changes` when the version number hides a breaking change; a
    `reason` overrides that, and the audit log keeps both.
    """
    with transaction.atomic():
        row = _locked(definition, precondition)
        detail = {"reason": reason} if reason else {}
        if row.status == DefinitionStatus.DRAFT:
            judged = _columns(jsonsafe.loads(row.document))
            row.resolved, row.search_text = judged["resolved"], judged["search_text"]
            detail |= _honesty(row, reason)
        columns = {
            "published_at": clock.now(),
            "resolved": row.resolved,
            "search_text": row.search_text,
        }
        _move(row, DefinitionStatus.PUBLISHED, {DefinitionStatus.DRAFT}, **columns)
        _audit(actor, "definition.published", row, **detail)
        events.emit(
            type=EventType.DEFINITION_PUBLISHED,
            subject=row.slug,
            data={"definition": row.ref, "slug": row.slug, "version": row.version},
        )
    return row


def deprecate_definition(
    *,
    definition: Definition,
    actor: str,
    reason: str = "",
    precondition: Precondition | None = None,
) -> Definition:
    """`published` → `deprecated`: it still executes, and says so."""
    with transaction.atomic():
        row = _locked(definition, precondition)
        _move(row, DefinitionStatus.DEPRECATED, {DefinitionStatus.PUBLISHED})
        _audit(actor, "definition.deprecated", row, **({"reason": reason} if reason else {}))
    return row


def archive_definition(
    *,
    definition: Definition,
    actor: str,
    reason: str = "",
    precondition: Precondition | None = None,
) -> Definition:
    """→ `archived`: it executes no more. Raises Conflict naming the instances that use it."""
    with transaction.atomic():
        row = _locked(definition, precondition)
        _refuse_used(row, "archived")
        allowed = {DefinitionStatus.PUBLISHED, DefinitionStatus.DEPRECATED}
        _move(row, DefinitionStatus.ARCHIVED, allowed)
        _audit(actor, "definition.archived", row, **({"reason": reason} if reason else {}))
    return row


def delete_definition(
    *, definition: Definition, actor: str, precondition: Precondition | None = None
) -> None:
    """Delete a draft. Raises Conflict for anything that was published or is used."""
    with transaction.atomic():
        row = _locked(definition, precondition)
        _refuse_used(row, "deleted")
        if row.status != DefinitionStatus.DRAFT:
            detail = f"{row.ref} is {row.status}: only drafts can be deleted; archive it instead."
            raise Conflict(detail, extra={"status": row.status})
        _audit(actor, "definition.deleted", row)
        row.delete()
        revision.bump(REVISION)


def _columns(document: Mapping[str, Any]) -> dict[str, Any]:
    """Raises ValidationFailed with every fault of the document, inherited members included."""
    whole = resolved(document)
    spec = parse_definition(whole)
    return {
        "slug": spec.slug,
        "version": spec.version,
        "name": spec.name,
        "type": spec.type,
        "description": spec.description,
        "tags": ",".join(spec.tags),
        "search_text": search_text(spec),
        "sunset": spec.sunset or None,
        "document": jsonsafe.dumps_text(document),
        "resolved": "" if whole is document else jsonsafe.dumps_text(whole),
        "digest": digest_of(document),
    }


def _insert(row: Definition) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise _taken(row.ref) from None


def _replace(row: Definition, columns: Mapping[str, Any]) -> None:
    try:
        with transaction.atomic():
            changed = Definition.objects.filter(pk=row.pk, revision=row.revision).update(
                **columns, revision=F("revision") + 1, updated_at=clock.now()
            )
    except IntegrityError:
        raise _taken(f"{columns['slug']}@{columns['version']}") from None
    if not changed:
        raise Conflict("The draft was changed at the same time: read it again.")


def _taken(ref: str) -> Conflict:
    fault = Fault("/version", "This version exists already: raise the number.", "TAKEN")
    return Conflict(f"{ref} exists already: raise the version, or edit the draft.", errors=[fault])


def _locked(definition: Definition, precondition: Precondition | None) -> Definition:
    row = Definition.objects.select_for_update().filter(pk=definition.pk).first()
    if row is None:
        raise DefinitionNotFound(f"{definition.ref} was deleted meanwhile.")
    if precondition is not None:
        precondition(row)
    return row


def _move(
    row: Definition, status: DefinitionStatus, allowed: set[DefinitionStatus], **columns: Any
) -> None:
    """Swap the status, only from `allowed`; `row` follows. Raises Conflict otherwise."""
    columns |= {"status": status, "updated_at": clock.now()}
    swapped = Definition.objects.filter(pk=row.pk, status__in=allowed).update(
        **columns, revision=F("revision") + 1
    )
    if not swapped:
        wanted = " or ".join(sorted(allowed))
        raise Conflict(
            f"{row.ref} is {row.status}; only what is {wanted} becomes {status.value}.",
            extra={"status": row.status},
        )
    row.refresh_from_db()
    revision.bump(REVISION)


def _refuse_used(row: Definition, what: str) -> None:
    slugs = list(instances_using(row).order_by("slug").values_list("slug", flat=True))
    if slugs:
        raise Conflict(
            f"{row.ref} cannot be {what}: {len(slugs)} instances use it; upgrade or delete them.",
            extra={"instances": slugs[:_MOST_LISTED]},
        )


def _honesty(row: Definition, reason: str) -> dict[str, str]:
    """What the audit log says of the version step. Raises Conflict for a dishonest one."""
    before = published_before(row)
    if before is None:
        return {}
    report = compare_versions(old=before, new=row)
    if report.honest:
        return {"against": before.ref, "verdict": report.verdict.value}
    if reason.strip():
        return {"against": before.ref, "verdict": report.verdict.value, "overridden": "version"}
    found = report.breaking
    first = found[0].detail
    raise Conflict(
        f"{row.ref} breaks users of {before.ref} ({first} {len(found)} breaking in all) and its "
        f"number does not say so: publish it as {next_breaking(before.version)}, or give a reason.",
        extra={
            "against": before.ref,
            "changes": [change.as_dict() for change in report.changes[:_MOST_LISTED]],
        },
    )


def _audit(actor: str, action: str, row: Definition, **detail: Any) -> None:
    record(
        actor=actor,
        action=action,
        target_type="definition",
        target=row.ref,
        detail={"status": row.status, "digest": row.digest[:16], **detail},
    )

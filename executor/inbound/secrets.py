"""The secrets of an instance's hooks: stored sealed, shown once when made here, else never."""

from __future__ import annotations

import secrets as random
from base64 import b64encode
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from credentials import lookups, references
from credentials.backend import CannotLookUp
from executor.inbound.choices import SecretKind
from executor.inbound.models import HookSecret
from executor.inbound.verifier import Verifier, verifier_of
from executor.inbound.verifying import SHARED_KEY, key_of
from integration_hub.audit import services as audit
from integration_hub.lib import clock, jsonsafe, log
from integration_hub.lib.catalog import UnknownPlugin
from integration_hub.lib.errors import (
    Conflict,
    Fault,
    NotFound,
    ServiceUnavailable,
    ValidationFailed,
)
from integration_hub.sealing.field import seal
from integration_hub.sealing.keyring import CannotOpen
from registry.building import spec_of_text
from registry.models import Instance

MOST = 10
LONGEST, SHORTEST = 1_024, 8
_RANDOM_BYTES = 32

_logger = log.get(__name__)


def add_secret(
    *,
    instance: Instance,
    actor: str,
    secret: Any = None,
    kind: str = SecretKind.SIGNING,
    expires_at: datetime | None = None,
) -> tuple[HookSecret, str]:
    """Store a secret, or one made here; returns it with the text to show (empty if it was given).

    `secret` is the text or a reference (`{"ref": "env:NAME"}`). Those before stay in force.
    """
    verifier = check(instance=instance, secret=secret, kind=kind)
    made = "" if secret is not None else _random(verifier, kind)
    value = made or secret
    row = HookSecret(instance=instance, kind=kind, expires_at=expires_at, hint=_hint(value))
    row.secret = seal(row, "secret", jsonsafe.dumps_text(value))
    with transaction.atomic():
        Instance.objects.select_for_update().get(pk=instance.pk)
        _check_room(instance)
        row.save(force_insert=True)
        _audit(actor, "webhook_secret.added", row)
    return row, made


def check(*, instance: Instance, secret: Any, kind: str) -> Verifier:
    """The verifier that it would be for. Raises Conflict or ValidationFailed, quoting nothing."""
    verifier = _verifier_of(instance)
    _check_room(instance)
    if secret is not None:
        _check_value(verifier, secret, kind)
    return verifier


def remove_secret(*, instance: Instance, secret_id: UUID, actor: str) -> None:
    """From now on it verifies nothing."""
    with transaction.atomic():
        row = HookSecret.objects.filter(instance=instance, pk=secret_id).first()
        if row is None:
            raise NotFound(f"{instance.slug} has no webhook secret of this id.")
        _audit(actor, "webhook_secret.removed", row)
        row.delete()


def in_force(instance_id: UUID, kind: SecretKind) -> list[str]:
    """The texts of the secrets that have not expired.

    Raises ServiceUnavailable when there are some and none can be read now: the provider
    sends the hook again.
    """
    rows = list(current(instance_id).filter(kind=kind))
    found = [text for row in rows if (text := _read(row)) is not None]
    if rows and not found:
        raise ServiceUnavailable(
            "The secrets of this webhook cannot be read now; send it again.", retry_after=60
        )
    return found


def current(instance_id: UUID) -> QuerySet[HookSecret]:
    lasting = Q(expires_at=None) | Q(expires_at__gt=clock.now())
    return HookSecret.objects.filter(lasting, instance_id=instance_id)


def _read(row: HookSecret) -> str | None:
    try:
        value = jsonsafe.loads(row.open_secret())
        if references.is_reference(value):
            name, _, place = value["ref"].partition(":")
            return lookups.read(name, place)
    except (CannotOpen, CannotLookUp, UnknownPlugin) as error:
        _logger.warning("webhook_secret_unreadable", id=str(row.pk), error=type(error).__name__)
        return None
    return str(value)


def _verifier_of(instance: Instance) -> Verifier:
    block = spec_of_text(instance.definition.effective).document.get("webhook")
    if block is None:
        raise Conflict(
            f"{instance.definition.ref} takes no webhooks: upgrade {instance.slug} to a version "
            "with a `webhook` member."
        )
    return verifier_of(block)


def _check_room(instance: Instance) -> None:
    if HookSecret.objects.filter(instance=instance).count() >= MOST:
        raise Conflict(f"{instance.slug} has {MOST} webhook secrets; remove one first.")


def _check_value(verifier: Verifier, value: Any, kind: str) -> None:
    if references.is_reference(value):
        wrong = references.fault(value)
    elif not isinstance(value, str) or not SHORTEST <= len(value) <= LONGEST:
        wrong = f"A text of {SHORTEST} to {LONGEST} characters, or a reference, is needed."
    elif kind == SecretKind.SIGNING and not _is_key(verifier, value):
        wrong = (
            f"This is no key for the verifier {verifier.name}: base64 is needed, as it gives it."
        )
    else:
        return
    if wrong:
        raise ValidationFailed(
            "The webhook secret is not valid; see errors.",
            errors=[Fault("/secret", wrong, "SECRET")],
        )


def _is_key(verifier: Verifier, value: str) -> bool:
    try:
        return bool(key_of(verifier, value).value)
    except ValueError:
        return False


def _random(verifier: Verifier, kind: str) -> str:
    if kind == SecretKind.SIGNING and verifier.key_encoding == "base64":
        return SHARED_KEY + b64encode(random.token_bytes(_RANDOM_BYTES)).decode()
    return random.token_urlsafe(_RANDOM_BYTES)


def _hint(value: Any) -> str:
    """Enough to tell two apart: the end of a long text, or where a reference leads."""
    if references.is_reference(value):
        return str(value["ref"])[:40]
    text = str(value)
    return f"…{text[-4:]}" if len(text) >= 20 else "…"


def _audit(actor: str, action: str, row: HookSecret) -> None:
    audit.record(
        actor=actor,
        action=action,
        target_type="instance",
        target=row.instance.slug,
        detail={"id": str(row.pk), "kind": str(row.kind), "hint": row.hint},
    )

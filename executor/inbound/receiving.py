"""From a request to a row: believed, known or new, and everything that follows in one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from executor.delivery.nudge import nudge
from executor.inbound import effects, handshakes, secrets, verifying
from executor.inbound.choices import SecretKind
from executor.inbound.hook import Hook, in_body
from executor.inbound.models import ReceivedHook
from executor.inbound.verifier import Verifier, verifier_of
from integration_hub.access.caller import Caller
from integration_hub.api.rate import parse_rate
from integration_hub.coordination import disk, guard, rows
from integration_hub.coordination.statement import insert_unless_taken
from integration_hub.lib import clock, jsonsafe, pause
from integration_hub.lib.errors import HubError, InstanceNotFound, ServiceUnavailable
from integration_hub.lib.redact import Redactor
from integration_hub.lib.resilience.options import CircuitOptions
from integration_hub.sealing.field import seal
from registry import runtime
from registry.runtime import RuntimeInstance

MAX_SHOWN = 16 * 1024
MAX_HEADER_SHOWN = 1_000
_CIRCUIT = CircuitOptions()  # never settled, so always closed
_ANYONE = Caller.command("webhook")  # a hook proves itself by its signature, not by a token
_SIGNED_AS = frozenset({"signature", "hmac"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An instance that takes hooks, and how."""

    instance: RuntimeInstance
    block: Mapping[str, Any]
    verifier: Verifier


@dataclass(frozen=True, slots=True)
class Receipt:
    """`challenge`: this was a handshake, of which nothing is kept."""

    webhook_id: str = ""
    duplicate: bool = False
    challenge: str | None = None


def endpoint_of(ref: str) -> Endpoint:
    """Raises InstanceNotFound alike for what does not exist and what takes no hooks."""
    unknown = InstanceNotFound("No webhook is taken at this address.")
    try:
        instance = runtime.by_ref(ref, _ANYONE)
    except HubError:
        raise unknown from None
    block = instance.spec.document.get("webhook")
    if block is None:
        raise unknown
    return Endpoint(instance, block, verifier_of(block))


def receive(endpoint: Endpoint, hook: Hook) -> Receipt:
    """Keep a hook and set off what its definition says, once; return after the commit.

    Raises Unauthenticated for one that cannot be believed, of which nothing is kept, and
    RateLimitExceeded, ServiceUnavailable or InsufficientStorage for one that has to come
    again.
    """
    disk.require_room()
    known: list[str] = []
    if endpoint.verifier.is_signed:
        known = secrets.in_force(endpoint.instance.id, SecretKind.SIGNING)
        verifying.verify(endpoint.verifier, hook, known)
    payload, unread = effects.read_body(hook)
    if "slack" in endpoint.verifier.handshake:
        challenge = handshakes.slack_challenge(payload)
        if challenge is not None:
            return Receipt(challenge=challenge)
    _admit(endpoint.instance)
    row = _new_row(endpoint, hook, payload, Redactor(known))
    return _known(row) or _keep(endpoint, row, payload, unread)


def _admit(instance: RuntimeInstance) -> None:
    """Only hooks that are believed use up the instance's rate: a stranger cannot."""
    if not instance.enabled:
        raise ServiceUnavailable(
            "The instance of this webhook is disabled; send it again later.", retry_after=300
        )
    limits = parse_rate(settings.HUB_WEBHOOK_RATE, "HUB_WEBHOOK_RATE", whole=True)
    if limits is not None:
        guard.admit(
            scope=f"hooks:{instance.id}",
            circuit=_CIRCUIT,
            limits=limits,
            slot_seconds=1,
            probe_seconds=1,
        )


def _known(row: ReceivedHook) -> Receipt | None:
    """The receipt of the first copy; how often it came is counted."""
    copies = ReceivedHook.objects.filter(instance_id=row.instance_id, event_key=row.event_key)
    if not copies.update(copies=F("copies") + 1):
        return None
    first = copies.values_list("pk", flat=True).first()
    return Receipt(webhook_id=str(first), duplicate=True)


def _keep(endpoint: Endpoint, row: ReceivedHook, payload: Any, unread: str) -> Receipt:
    made = effects.effects_of(
        endpoint.instance, endpoint.block, payload, unread, row.event_id or str(row.pk)
    )
    row.status, row.error, row.execution_id = made.status.value, made.error, made.execution_id
    event = effects.event_of(row, made)
    pause.point("hook-before-insert")
    with transaction.atomic():
        is_first = insert_unless_taken(row, [event, *made.rows])
        pause.point("hook-before-commit")
        if is_first and made.wakes:
            nudge(made.wakes)
    if is_first:
        return Receipt(webhook_id=str(row.pk))
    # Whoever had the key has committed: its row is there to be found.
    return _known(row) or Receipt(webhook_id=str(row.pk), duplicate=True)


def _new_row(endpoint: Endpoint, hook: Hook, payload: Any, redactor: Redactor) -> ReceivedHook:
    verifier, instance = endpoint.verifier, endpoint.instance
    event_id = _at(verifier.id, verifier, hook, payload)
    row = rows.new(
        ReceivedHook,
        instance_id=instance.id,
        instance_slug=instance.slug,
        event_key=_key(event_id, verifier, hook),
        event_id=_plain(event_id, 255),
        event_type=_plain(_at(verifier.event_type, verifier, hook, payload), 200),
        verifier=verifier.name,
        signed=verifier.is_signed,
        content_type=_plain(hook.content_type, 255),
        size=len(hook.body),
        headers=jsonsafe.dumps_text(_shown_headers(hook, verifier, redactor)),
        shown=_shown_body(hook.body, payload, redactor),
        created_at=clock.now(),
    )
    row.raw = seal(row, "raw", hook.body.decode("latin-1"))
    row.raw_key = row.raw.key_id
    return row


def _key(event_id: str, verifier: Verifier, hook: Hook) -> str:
    """The digest of what makes this hook itself: its id; without one, its signed time and bytes."""
    if event_id:
        return hashlib.sha256(b"id\0" + event_id.encode("utf-8", "replace")).hexdigest()
    signed_at = hook.in_header(verifier.timestamp, hook.header(verifier.header))
    return hashlib.sha256(
        b"body\0" + signed_at.encode("utf-8", "replace") + b"\0" + hook.body
    ).hexdigest()


def _at(place: str, verifier: Verifier, hook: Hook, payload: Any) -> str:
    if place.startswith("body."):
        return in_body(place, payload)
    return hook.in_header(place, hook.header(verifier.header)) if place else ""


def _plain(text: str, most: int) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in text[:most])


def _shown_headers(hook: Hook, verifier: Verifier, redactor: Redactor) -> dict[str, str]:
    kept = {
        name: "***" if name == verifier.header.lower() else _plain(value, MAX_HEADER_SHOWN)
        for name, value in hook.headers.items()
    }
    return redactor.headers(kept)


def _shown_body(body: bytes, payload: Any, redactor: Redactor) -> str:
    if payload is not None:
        text = jsonsafe.dumps_text(redactor.value(payload))
        return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"({len(body)} bytes that are no text)"
    return redactor.text(text.replace("\x00", "\ufffd"), MAX_SHOWN)

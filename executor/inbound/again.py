"""A kept hook, by a person: set off once more when its fault is mended, or given up."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from executor.delivery.nudge import nudge
from executor.inbound import effects
from executor.inbound.choices import HookStatus
from executor.inbound.hook import Hook
from executor.inbound.models import ReceivedHook
from integration_hub.audit import services as audit
from integration_hub.coordination.statement import write_together
from integration_hub.lib.errors import Conflict, PayloadPurged
from integration_hub.sealing.keyring import CannotOpen
from registry import runtime


def process_again(*, hook_id: UUID, actor: str) -> ReceivedHook:
    """Its event and its call, anew, as the instance's definition says today.

    Raises PayloadPurged once its bytes are gone, Conflict when the definition takes no hooks.
    """
    row = ReceivedHook.objects.get(pk=hook_id)
    instance = runtime.by_id(row.instance_id)
    block = instance.spec.document.get("webhook")
    if block is None:
        raise Conflict(f"{instance.definition_ref} takes no webhooks any more.")
    try:
        body = row.body()
    except CannotOpen as error:
        raise PayloadPurged(
            "The body of this webhook is no longer kept, or was sealed under a key that is not in "
            "FERNET_KEYS."
        ) from error
    payload, unread = effects.read_body(Hook(body, {"content-type": row.content_type}, ""))
    made = effects.effects_of(instance, block, payload, unread, row.event_id or str(row.pk))
    row.status, row.error, row.execution_id = made.status.value, made.error, made.execution_id
    with transaction.atomic():
        write_together(inserts=[effects.event_of(row, made), *made.rows])
        row.save(update_fields=["status", "error", "execution_id"])
        audit.record(
            actor=actor,
            action="webhook.processed",
            target_type="instance",
            target=row.instance_slug,
            detail={"webhook_id": str(row.pk), "status": row.status},
        )
        if made.wakes:
            nudge(made.wakes)
    return row


def discard(*, hook_id: UUID, actor: str) -> ReceivedHook:
    """Give a failed hook up: its body and headers are removed for good.

    Its row stays, so that a copy that the provider still sends is known. Raises Conflict
    for one that did not fail.
    """
    with transaction.atomic():
        row = ReceivedHook.objects.select_for_update().get(pk=hook_id)
        if row.status != HookStatus.FAILED:
            raise Conflict(f"Only a webhook that failed can be discarded; this is {row.status}.")
        row.status, row.raw, row.raw_key = HookStatus.DISCARDED.value, None, ""
        row.shown, row.headers = "", "{}"
        row.save(update_fields=["status", "raw", "raw_key", "shown", "headers"])
        audit.record(
            actor=actor,
            action="webhook.discarded",
            target_type="instance",
            target=row.instance_slug,
            detail={"webhook_id": str(row.pk), "event_id": row.event_id, "error": row.error[:200]},
        )
    return row

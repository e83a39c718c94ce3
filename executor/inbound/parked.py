"""A parked message, once its reason is mended: made a call after all, or thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from executor.inbound import tasking
from executor.inbound.models import ParkedMessage
from integration_hub.audit import services as audit
from integration_hub.lib.errors import HubError, NotFound, PayloadPurged, ValidationFailed
from integration_hub.sealing.keyring import CannotOpen

_TARGET = "parked_message"


@dataclass(frozen=True, slots=True)
class Processed:
    """The call that was made, or why the message stays parked."""

    execution_id: str = ""
    code: str = ""
    reason: str = ""

    @property
    def accepted(self) -> bool:
        return not self.code


def get(message_id: UUID) -> ParkedMessage:
    """Raises NotFound."""
    return _found(ParkedMessage.objects.filter(pk=message_id).first())


def asks_for(row: ParkedMessage) -> dict[str, str]:
    """The instance (or integration) and the method that it would call; empty if it says neither.

    Raises PayloadPurged.
    """
    try:
        data = tasking.read(_body(row))["data"]
    except ValidationFailed:
        return {}
    names = ("instance", "integration", "method")
    return {name: data[name][:120] for name in names if isinstance(data.get(name), str)}


def process_again(*, message_id: UUID, actor: str) -> Processed:
    """Make the call that it asks for, limited as its consumer was; then it is parked no more.

    Under the key that consumers use: an event whose call was accepted meanwhile makes no
    second one. One that is refused again stays, with the new reason. Raises NotFound,
    PayloadPurged, and what may pass by itself (a limit, the database away), for which
    nothing is changed.
    """
    with transaction.atomic():
        row = _locked(message_id)
        body = _body(row)
        try:
            if row.size > tasking.MAX_BYTES:
                raise ValidationFailed(f"The message is larger than {tasking.MAX_BYTES} bytes.")
            execution_id, _ = tasking.accept(tasking.read(body), tasking.caller_again(row))
        except HubError as error:
            if error.retryable:
                raise
            done = Processed(
                str(error.extra.get("execution_id", "")), error.code, tasking.sentence_of(error)
            )
            row.code, row.reason = done.code, done.reason
            row.save(update_fields=["code", "reason"])
        else:
            done = Processed(execution_id)
        _record(row, "parked_message.processed", actor, execution_id=done.execution_id)
        if done.accepted:
            row.delete()
    return done


def discard(*, message_id: UUID, actor: str) -> None:
    """Remove it and what it holds, for good. Raises NotFound."""
    with transaction.atomic():
        row = _locked(message_id)
        _record(row, "parked_message.discarded", actor, reason=row.reason[:200])
        row.delete()


def _locked(message_id: UUID) -> ParkedMessage:
    return _found(ParkedMessage.objects.select_for_update().filter(pk=message_id).first())


def _found(row: ParkedMessage | None) -> ParkedMessage:
    if row is None:
        raise NotFound("There is no such parked message; it was processed, discarded or purged.")
    return row


def _body(row: ParkedMessage) -> bytes:
    try:
        return row.body()
    except CannotOpen as error:
        raise PayloadPurged(
            "This message was sealed under a key that is not in FERNET_KEYS: bring the key back, "
            "or discard the message."
        ) from error


def _record(row: ParkedMessage, action: str, actor: str, **more: Any) -> None:
    detail = {"queue": row.queue, "event_id": row.event_id, "code": row.code, **more}
    audit.record(actor=actor, action=action, target_type=_TARGET, target=str(row.pk), detail=detail)

"""What the API shows of hooks and their secrets, and the same as JSON Schema."""

from __future__ import annotations

from typing import Any

from executor.inbound.choices import HookStatus, SecretKind
from executor.inbound.models import HookSecret, ParkedMessage, ReceivedHook
from executor.inbound.parked import Processed
from integration_hub.lib import jsonsafe

_TEXT: dict[str, Any] = {"type": "string"}
_ID: dict[str, Any] = {"type": "string", "format": "uuid"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}


def _object(properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    needed = [name for name in properties if name not in optional]
    return {"type": "object", "required": needed, "properties": properties}


TAKEN = _object(
    {
        "webhook_id": _ID,
        "duplicate": {"type": "boolean", "description": "It came before; nothing is done twice."},
        "challenge": {**_TEXT, "description": "The answer to Slack's url_verification, alone."},
    },
    *("webhook_id", "duplicate", "challenge"),
)
_HOOK: dict[str, Any] = {
    "id": _ID,
    "instance": _TEXT,
    "event_id": {**_TEXT, "description": "The provider's own; empty where it gives none."},
    "event_type": _TEXT,
    "verifier": _TEXT,
    "signed": {"type": "boolean"},
    "status": {"type": "string", "enum": list(HookStatus.values)},
    "error": {**_TEXT, "description": "Why it is `failed`."},
    "execution_id": {"type": ["string", "null"], "format": "uuid"},
    "content_type": _TEXT,
    "size": {"type": "integer", "minimum": 0},
    "copies": {"type": "integer", "minimum": 0, "description": "How often it came once more."},
    "created_at": _TIME,
}
SUMMARY = _object(_HOOK)
DETAIL = _object(
    {
        **_HOOK,
        "headers": {"type": "object", "additionalProperties": _TEXT},
        "body": {**_TEXT, "description": "Masked, and cut to 16 KiB."},
    }
)
SECRET_BODY: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "secret": {
            "description": "The provider's secret, or a reference; without it one is made.",
            "oneOf": [
                {"type": "string", "minLength": 8, "maxLength": 1_024},
                {
                    "type": "object",
                    "required": ["ref"],
                    "additionalProperties": False,
                    "properties": {"ref": {"type": "string", "maxLength": 1_000}},
                },
            ],
        },
        "kind": {"type": "string", "enum": list(SecretKind.values), "default": "signing"},
        "expires_at": {**_TIME, "description": "Until when it verifies; default: no end."},
    },
}
_SECRET: dict[str, Any] = {
    "id": _ID,
    "kind": {"type": "string", "enum": list(SecretKind.values)},
    "hint": _TEXT,
    "expires_at": {"type": ["string", "null"], "format": "date-time"},
    "created_at": _TIME,
}
SECRET = _object(_SECRET)
SECRET_MADE = _object(
    {**_SECRET, "secret": {**_TEXT, "description": "Shown this once, if it was made here."}},
    "secret",
)
SECRETS = _object({"results": {"type": "array", "items": SECRET}})


_PARKED: dict[str, Any] = {
    "id": _ID,
    "broker": _TEXT,
    "queue": _TEXT,
    "event_id": {**_TEXT, "description": "Empty where the message is no CloudEvent."},
    "code": {**_TEXT, "description": "Of the error for which it is no call."},
    "reason": _TEXT,
    "size": {"type": "integer", "minimum": 0},
    "created_at": _TIME,
}
PARKED = _object(_PARKED)
_ASKED = {"instance": _TEXT, "integration": _TEXT, "method": _TEXT}
PARKED_DETAIL = _object(
    {
        **_PARKED,
        "asks_for": {
            **_object(_ASKED, *_ASKED),
            "description": "What processing it again would call; empty where it cannot be read.",
        },
    }
)
PROCESSED = _object(
    {
        "outcome": {"type": "string", "enum": ["accepted", "parked"]},
        "execution_id": {"type": ["string", "null"], "format": "uuid"},
        "code": {**_TEXT, "description": "Why it stays parked; empty where it was accepted."},
        "reason": _TEXT,
    }
)


def parked(row: ParkedMessage) -> dict[str, Any]:
    names = ("broker", "queue", "event_id", "code", "reason", "size", "created_at")
    return {"id": str(row.pk), **{name: getattr(row, name) for name in names}}


def processed(done: Processed) -> dict[str, Any]:
    return {
        "outcome": "accepted" if done.accepted else "parked",
        "execution_id": done.execution_id or None,
        "code": done.code,
        "reason": done.reason,
    }


def summary(row: ReceivedHook) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "instance": row.instance_slug,
        "event_id": row.event_id,
        "event_type": row.event_type,
        "verifier": row.verifier,
        "signed": row.signed,
        "status": row.status,
        "error": row.error,
        "execution_id": str(row.execution_id) if row.execution_id else None,
        "content_type": row.content_type,
        "size": row.size,
        "copies": row.copies,
        "created_at": row.created_at,
    }


def detail(row: ReceivedHook) -> dict[str, Any]:
    return {**summary(row), "headers": jsonsafe.loads(row.headers), "body": row.shown}


def secret(row: HookSecret) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "hint": row.hint,
        "expires_at": row.expires_at,
        "created_at": row.created_at,
    }

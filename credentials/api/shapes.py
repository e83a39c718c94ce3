"""What the API says of a credential, and what its document says of that."""

from __future__ import annotations

from typing import Any

from credentials.choices import CredentialStatus
from credentials.scheme import schemes
from credentials.selectors import CredentialView
from integration_hub.lib.fields import json_schema

JSONSchema = dict[str, Any]
_TEXT: JSONSchema = {"type": "string"}
_WHEN: JSONSchema = {"type": "string", "format": "date-time"}
_MAYBE_WHEN: JSONSchema = {"type": ["string", "null"], "format": "date-time"}

_MEMBERS: JSONSchema = {
    "id": {"type": "string", "format": "uuid"},
    "instance": _TEXT,
    "type": _TEXT,
    "auth": _TEXT | {"description": "The id of the definition's auth entry it is for."},
    "status": {"enum": CredentialStatus.values},
    "status_reason": _TEXT,
    "expires_at": _MAYBE_WHEN,
    "scope": _TEXT | {"description": "What it is granted, where the type says so."},
    "hint": _TEXT | {"description": "A masked mark of recognition, or empty."},
    "revision": {"type": "integer"},
    "created_at": _WHEN,
    "updated_at": _WHEN,
}
CREDENTIAL: JSONSchema = {
    "type": "object",
    "required": list(_MEMBERS),
    "properties": _MEMBERS,
}


def credential(view: CredentialView) -> dict[str, Any]:
    """Never the secret: a view does not have it."""
    return {
        "id": str(view.id),
        "instance": view.instance,
        "type": view.type,
        "auth": view.auth,
        "status": view.status,
        "status_reason": view.status_reason,
        "expires_at": view.expires_at.isoformat() if view.expires_at else None,
        "scope": view.scope,
        "hint": view.hint,
        "revision": view.revision,
        "created_at": view.created_at.isoformat(),
        "updated_at": view.updated_at.isoformat(),
    }


def put_schema() -> JSONSchema:
    """One shape a type that this hub has; the fields are those that its scheme declares."""
    return {
        "oneOf": [
            {
                "type": "object",
                "title": scheme.title,
                "required": ["type", "data"],
                "properties": {
                    "type": {"const": name},
                    "data": json_schema(scheme.fields),
                    "auth": {"type": "string", "maxLength": 80},
                    "expires_at": _MAYBE_WHEN,
                },
            }
            for name, scheme in schemes
        ]
    }

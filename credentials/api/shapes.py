"""What the API says of a credential, and what its document says of that."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from credentials.choices import CredentialStatus
from credentials.scheme import AuthScheme, schemes
from credentials.selectors import CredentialView
from integration_hub.lib.clock import rfc3339
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
    "scope_missing": _TEXT | {"description": "What a person was asked for and did not grant."},
    "hint": _TEXT | {"description": "A masked mark of recognition, or empty."},
    "revision": {"type": "integer"},
    "refresh_at": _MAYBE_WHEN | {"description": "When it is renewed next; null: by a person."},
    "refreshed_at": _MAYBE_WHEN,
    "rotation_due_at": _MAYBE_WHEN
    | {"description": "When a person should replace it; null: nobody is reminded."},
    "created_at": _WHEN,
    "updated_at": _WHEN,
}
REFERENCE: JSONSchema = {
    "type": "object",
    "title": "Reference",
    "description": "Looked up for each call: env:NAME, file:/run/secrets/x or vault:path#field.",
    "required": ["ref"],
    "properties": {"ref": {"type": "string", "maxLength": 1000, "example": "vault:acme#token"}},
    "additionalProperties": False,
}
CREDENTIAL: JSONSchema = {
    "type": "object",
    "required": list(_MEMBERS),
    "properties": _MEMBERS,
}
REFRESHED_EXAMPLE = {
    "id": "01900000-0000-7000-8000-000000000000",
    "instance": "shop",
    "type": "oauth2",
    "auth": "oauth2",
    "status": "active",
    "status_reason": "",
    "expires_at": "2030-01-31T13:00:00Z",
    "scope": "contacts.read",
    "scope_missing": "",
    "hint": "acme***",
    "revision": 8,
    "refresh_at": "2030-01-31T12:59:00Z",
    "refreshed_at": "2030-01-31T12:00:00Z",
    "rotation_due_at": None,
    "created_at": "2030-01-01T09:00:00Z",
    "updated_at": "2030-01-31T12:00:00Z",
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
        "expires_at": _moment(view.expires_at),
        "scope": view.scope,
        "scope_missing": view.scope_missing,
        "hint": view.hint,
        "revision": view.revision,
        "refresh_at": _moment(view.refresh_at),
        "refreshed_at": _moment(view.refreshed_at),
        "rotation_due_at": _moment(view.rotation_due_at),
        "created_at": rfc3339(view.created_at),
        "updated_at": rfc3339(view.updated_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None


def data_schema(scheme: AuthScheme) -> JSONSchema:
    """What the scheme declares, each value or a reference to where it is looked up."""
    declared = json_schema(scheme.fields)
    return declared | {
        "properties": {
            name: {"anyOf": [one, REFERENCE], "writeOnly": one.get("writeOnly", False)}
            for name, one in declared["properties"].items()
        }
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
                    "data": data_schema(scheme),
                    "auth": {"type": "string", "maxLength": 80},
                    "expires_at": _MAYBE_WHEN,
                },
            }
            for name, scheme in schemes
        ]
    }

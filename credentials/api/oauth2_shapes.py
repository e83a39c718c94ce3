"""What the API document says of connecting."""

from __future__ import annotations

from typing import Any

from credentials.oauth2.answer import MEMBERS
from credentials.oauth2.links import LONGEST_SECONDS

JSONSchema = dict[str, Any]
_WHEN: JSONSchema = {"type": "string", "format": "date-time"}
_URL: JSONSchema = {"type": "string", "format": "uri"}
_AUTH: JSONSchema = {
    "type": "string",
    "maxLength": 80,
    "description": "The definition's auth entry; default: the one that can be connected.",
}

START_BODY: JSONSchema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "auth": _AUTH,
        "client_id": {
            "type": "string",
            "maxLength": 1_000,
            "description": "Default: that of the stored credential.",
        },
        "client_secret": {"type": "string", "maxLength": 4_000, "writeOnly": True},
        "scope": {
            "type": "string",
            "maxLength": 4_000,
            "description": "Scopes by spaces. Default: those of the definition.",
        },
    },
}
STARTED: JSONSchema = {
    "type": "object",
    "required": ["authorization_url", "state", "expires_at"],
    "properties": {
        "authorization_url": _URL,
        "state": {"type": "string"},
        "expires_at": _WHEN,
    },
}
STARTED_EXAMPLE = {
    "authorization_url": "https://login.acme.example/authorize?response_type=code&client_id=hub"
    "&redirect_uri=https%3A%2F%2Fhub.example%2Fapi%2Fv1%2Foauth2%2Fcallback&scope=contacts.read"
    "&state=3v…&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    "&code_challenge_method=S256",
    "state": "3v…",
    "expires_at": "2030-01-31T12:10:00Z",
}
CALLBACK_BODY: JSONSchema = {
    "type": "object",
    "required": ["state"],
    "additionalProperties": False,
    "properties": {name: {"type": "string", "maxLength": most} for name, most in MEMBERS.items()},
}
LINK_BODY: JSONSchema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "auth": _AUTH,
        "expires_in": {
            "type": "integer",
            "minimum": 60,
            "maximum": LONGEST_SECONDS,
            "default": 86_400,
            "description": "Seconds.",
        },
    },
}
LINK: JSONSchema = {
    "type": "object",
    "required": ["id", "url", "expires_at"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "url": _URL,
        "expires_at": _WHEN,
    },
}
LINK_EXAMPLE = {
    "id": "01900000-0000-7000-8000-000000000000",
    "url": "https://hub.example/connect?link=…",
    "expires_at": "2030-01-31T12:00:00Z",
}

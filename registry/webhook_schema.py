"""The `webhook` member of a definition: how hooks are believed, and what becomes of them."""

from __future__ import annotations

from typing import Any

from registry.name_patterns import HEADER_PATTERN, METHOD_PATTERN

_PLACE = (
    r"^(?:header\.[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}|body\.[^\s]{1,200}|"
    r"signature\.[A-Za-z0-9_-]{1,40})$"
)


def _text(longest: int, description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "maxLength": longest, "description": description, **more}


def _place(description: str) -> dict[str, Any]:
    return _text(300, f"{description} `header.NAME`, `body.PATH` or `signature.NAME`.") | {
        "pattern": _PLACE
    }


WEBHOOK: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "description": "Hooks of the external system, taken at POST /hooks/{instance}.",
    "properties": {
        "verify": _text(
            80,
            "A ready-made verifier; other members change parts of it. Without it, `header` and "
            "`template` declare one. `none` takes unsigned hooks of anyone.",
            minLength=1,
        ),
        "header": _text(100, "The header with the signature.", pattern=HEADER_PATTERN),
        "template": _text(
            1_000,
            "What is signed, e.g. `{timestamp}.{body}`: also {id}, {url} and {header.NAME}.",
        ),
        "algorithm": _text(40, "sha256 (default), sha1 or sha512, as HMAC."),
        "encoding": _text(40, "Of the signature: hex (default) or base64."),
        "tolerance_seconds": {
            "type": "integer",
            "minimum": 1,
            "maximum": 86_400,
            "description": "How far the signed time may be from now; default 300.",
        },
        "prefix": _text(40, "What stands before each signature, e.g. `sha256=`."),
        "separator": _text(1, "What stands between several signatures of one header."),
        "key_encoding": {
            "enum": ["text", "base64"],
            "description": "How the key is made of a secret: its bytes (default), or decoded.",
        },
        "timestamp": _place("Where the signed time is, in seconds since 1970:"),
        "id": _place("Where the event's id is, by which doubled hooks are known:"),
        "event_type": _place("Where the type of the event is:"),
        "handshake": {
            "type": "array",
            "uniqueItems": True,
            "items": {"enum": ["slack", "meta", "cloudevents"]},
            "description": "The ways of proving the address that are answered.",
        },
        "transform": {
            "type": "object",
            "description": "Reshapes the body into the event's `payload` and the parameters.",
        },
        "then": {
            "enum": ["event", "execute"],
            "description": "Beside the event (default), whether `method` is called.",
        },
        "method": _text(120, "The method that is called.", pattern=METHOD_PATTERN),
    },
}

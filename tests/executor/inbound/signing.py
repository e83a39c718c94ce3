"""Hooks as providers send them: signed here by what their pages say, not by the hub's code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from typing import Any

SECRET = "shared-with-the-provider-1"
STANDARD_SECRET = "whsec_" + base64.b64encode(b"twenty-four-bytes-of-key").decode()


@dataclass(frozen=True)
class Sent:
    body: bytes
    headers: dict[str, str]
    type: str = "application/json"
    query: dict[str, str] = field(default_factory=dict)

    def having(self, **headers: str) -> Sent:
        """With other headers; underscores stand for hyphens, an empty one is left out."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {n: v for n, v in self.headers.items() if n.lower() not in map(str.lower, named)}
        return replace(self, headers=kept | {n: v for n, v in named.items() if v})


def _hex(secret: str, content: bytes) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def as_bytes(payload: Any) -> bytes:
    return payload if isinstance(payload, bytes) else json.dumps(payload).encode()


def github(payload: Any, *, event: str = "d-1", at: int = 0, secret: str = SECRET) -> Sent:
    body = as_bytes(payload)
    return Sent(
        body,
        {
            "X-Hub-Signature-256": f"sha256={_hex(secret, body)}",
            "X-GitHub-Delivery": event,
            "X-GitHub-Event": "push",
        },
    )


def stripe(payload: Any, *, event: str = "evt_1", at: int = 0, secret: str = SECRET) -> Sent:
    body = as_bytes({"id": event, "type": "charge.succeeded", **payload})
    signed = _hex(secret, f"{at}.".encode() + body)
    return Sent(body, {"Stripe-Signature": f"t={at},v1={signed},v0=00"})


def slack(payload: Any, *, event: str = "Ev1", at: int = 0, secret: str = SECRET) -> Sent:
    body = as_bytes({"event_id": event, "event": {"type": "message"}, **payload})
    signed = _hex(secret, f"v0:{at}:".encode() + body)
    return Sent(body, {"X-Slack-Signature": f"v0={signed}", "X-Slack-Request-Timestamp": str(at)})


def shopify(payload: Any, *, event: str = "w-1", at: int = 0, secret: str = SECRET) -> Sent:
    body = as_bytes(payload)
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return Sent(
        body,
        {
            "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
            "X-Shopify-Webhook-Id": event,
            "X-Shopify-Topic": "orders/create",
        },
    )


def standard_webhooks(
    payload: Any, *, event: str = "msg_1", at: int = 0, secret: str = STANDARD_SECRET
) -> Sent:
    body = as_bytes(payload)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event}.{at}.".encode() + body, hashlib.sha256).digest()
    return Sent(
        body,
        {
            "webhook-id": event,
            "webhook-timestamp": str(at),
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        },
    )


BY_NAME = {
    "github": github,
    "stripe": stripe,
    "slack": slack,
    "shopify": shopify,
    "standard_webhooks": standard_webhooks,
}
HEADERS = {
    "github": "X-Hub-Signature-256",
    "stripe": "Stripe-Signature",
    "slack": "X-Slack-Signature",
    "shopify": "X-Shopify-Hmac-Sha256",
    "standard_webhooks": "webhook-signature",
}
TIMED = ("stripe", "slack", "standard_webhooks")


def secret_of(name: str) -> str:
    return STANDARD_SECRET if name == "standard_webhooks" else SECRET

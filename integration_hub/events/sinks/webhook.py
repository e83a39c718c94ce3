"""The webhook sink: a POST, signed as Standard Webhooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from integration_hub.egress import policy
from integration_hub.events import trust
from integration_hub.events.posting import MAX_URL, keys_of, post, shake_hands
from integration_hub.events.sink import Sink, sinks
from integration_hub.lib import standard_webhooks as standard
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field

_HEADERS = {
    "maxProperties": 20,
    "propertyNames": {"pattern": r"^(?![Ww][Ee][Bb][Hh][Oo][Oo][Kk]-)[!#$%&'*+.^_`|~0-9A-Za-z-]+$"},
    "additionalProperties": {"type": "string", "maxLength": 8192, "pattern": r"^[\x20-\x7e]*$"},
}
_KEYS = ("secret", "previous_secret", "signing_key")


@sinks.register("webhook")
class WebhookSink(Sink):
    type = "webhook"
    title = "Webhook (signed POST)"
    fields = (
        Field("url", label="URL", max_length=MAX_URL, help="Where events are sent by POST."),
        Field(
            "secret",
            required=False,
            secret=True,
            help="whsec_ and base64 of 24 to 64 bytes: signs with HMAC-SHA256.",
        ),
        Field(
            "previous_secret",
            required=False,
            secret=True,
            help="The one before: signs beside it until previous_secret_until.",
        ),
        Field("previous_secret_until", "datetime", required=False),
        Field(
            "signing_key",
            required=False,
            secret=True,
            help="whsk_ and base64 of an Ed25519 seed: signs with Ed25519.",
        ),
        Field(
            "public_key",
            required=False,
            made=True,
            help="Of the signing key, for the receiver; the hub writes it.",
        ),
        Field("headers", "object", required=False, secret=True, schema=_HEADERS),
        Field(
            "handshake",
            "boolean",
            required=False,
            help="Ask the receiver before its first event (CloudEvents HTTP Web Hook, OPTIONS).",
        ),
        trust.FIELD,
    )

    def deliver(self, event: Mapping[str, Any], *, config: Mapping[str, Any]) -> int:
        headers, tls = config.get("headers") or {}, trust.options_of(config)
        return post(event, str(config["url"]), keys_of(config), headers, tls)

    def prove(self, config: Mapping[str, Any]) -> None:
        if config.get("handshake"):
            shake_hands(str(config["url"]), config.get("headers") or {}, trust.options_of(config))

    def faults(self, config: Mapping[str, Any]) -> Iterable[Fault]:
        policy.check_url(str(config["url"]))
        if not (config.get("secret") or config.get("signing_key")):
            yield Fault(
                "/config/secret",
                "A webhook is signed: give a secret (whsec_…) or a signing_key (whsk_…).",
                "REQUIRED",
            )
        for name in _KEYS:
            if text := config.get(name):
                yield from _key_faults(name, str(text))
        yield from trust.faults(config)

    def completed(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        rest = {name: value for name, value in config.items() if name != "public_key"}
        if key := config.get("signing_key"):
            rest["public_key"] = standard.public_key(str(key))
        return rest

    def address(self, config: Mapping[str, Any]) -> str:
        return str(config.get("url", ""))


def _key_faults(name: str, text: str) -> Iterable[Fault]:
    try:
        if name == "signing_key":
            standard.public_key(text)
        else:
            standard.secret_bytes(text)
    except standard.BadKey as bad:
        yield Fault(f"/config/{name}", str(bad), "PATTERN")

"""How providers make sure that an address is ours, and what they want to hear.

Slack sends `url_verification` signed like any event; Meta asks by GET with a token that
was agreed on; CloudEvents' web hooks ask for leave by OPTIONS.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from integration_hub.lib.errors import Forbidden, ValidationFailed

MAX_CHALLENGE = 1_000
MAX_ORIGIN = 253
ORIGIN, ALLOWED, RATE = "WebHook-Request-Origin", "WebHook-Allowed-Origin", "WebHook-Allowed-Rate"


def slack_challenge(payload: Any) -> str | None:
    """What Slack wants back; None when this is an event. Called with a verified body."""
    if not isinstance(payload, dict) or payload.get("type") != "url_verification":
        return None
    challenge = payload.get("challenge")
    if not isinstance(challenge, str) or len(challenge) > MAX_CHALLENGE:
        raise ValidationFailed("A url_verification needs a `challenge` of at most 1000 characters.")
    return challenge


def meta_challenge(query: Mapping[str, str], tokens: Sequence[str]) -> str:
    """What Meta wants back for `hub.mode=subscribe`.

    Raises ValidationFailed for another question, Forbidden for a token that is none of `tokens`.
    """
    challenge = query.get("hub.challenge", "")
    if query.get("hub.mode") != "subscribe" or not challenge:
        raise ValidationFailed("Only hub.mode=subscribe with a hub.challenge is answered here.")
    if len(challenge) > MAX_CHALLENGE or not (challenge.isascii() and challenge.isprintable()):
        raise ValidationFailed("hub.challenge is at most 1000 printable characters.")
    given = query.get("hub.verify_token", "").encode()
    fits = [hmac.compare_digest(given, token.encode()) for token in tokens]  # all are compared
    if not any(fits):
        raise Forbidden("hub.verify_token is none of the verify tokens of this webhook.")
    return challenge


def cloudevents_leave(origin: str, per_minute: int | None) -> dict[str, str]:
    """The headers that let `origin` send. Raises ValidationFailed for one that is no name."""
    if not origin or len(origin) > MAX_ORIGIN or not (origin.isascii() and origin.isprintable()):
        raise ValidationFailed(f"The header {ORIGIN} has to name who asks for leave to send.")
    rate = "*" if per_minute is None else str(per_minute)
    return {ALLOWED: origin, RATE: rate, "Allow": "POST, OPTIONS"}

"""One event by POST, signed as Standard Webhooks, through the guarded way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.dateparse import parse_datetime

from integration_hub.egress import http
from integration_hub.egress.door import Deadline, HttpAnswer, HttpRequest, TlsOptions
from integration_hub.events.cloudevent import CONTENT_TYPE
from integration_hub.events.sink import NotDelivered
from integration_hub.lib import clock
from integration_hub.lib import standard_webhooks as standard
from integration_hub.lib.resilience import hints

MAX_URL = 2_000
TIMEOUT = 15.0
CONNECT_TIMEOUT = 5.0
MAX_ANSWER = 64 * 1024
SHOWN = 500  # bytes of an answer that are kept
GONE = 410
_THROTTLES = frozenset({429, 502, 504})


def post(
    event: Mapping[str, Any],
    url: str,
    keys: Sequence[str],
    headers: Mapping[str, str],
    tls: TlsOptions,
) -> int:
    """Send it; the status, which is 2xx. Raises NotDelivered and what egress raises.

    The id is the event's, so that a receiver knows a repetition; the timestamp is of
    this attempt.
    """
    body: bytes = event.body  # type: ignore[attr-defined]  # every event of the relay is a CloudEvent
    signed = standard.headers(
        keys, id=str(event["id"]), timestamp=int(clock.now().timestamp()), body=body
    )
    request = HttpRequest("POST", url, {**headers, "Content-Type": CONTENT_TYPE, **signed}, body)
    answer = _sent(request, tls)
    if 200 <= answer.status < 300:
        return answer.status
    raise _refused(answer)


def shake_hands(url: str, headers: Mapping[str, str], tls: TlsOptions) -> None:
    """Ask the receiver whether it wants to hear of this hub (CloudEvents HTTP Web Hook, 4).

    Raises NotDelivered unless it says so, and what egress raises.
    """
    origin = urlsplit(settings.HUB_PUBLIC_URL).hostname or "localhost"
    asked = HttpRequest("OPTIONS", url, {**headers, "WebHook-Request-Origin": origin})
    answer = _sent(asked, tls)
    allowed = {part.strip() for part in answer.headers.get("webhook-allowed-origin", "").split(",")}
    if not 200 <= answer.status < 300 or not allowed & {"*", origin}:
        raise NotDelivered(
            f"The receiver did not agree to hear of {origin}: it answered OPTIONS with "
            f"{answer.status} and no WebHook-Allowed-Origin that names it or *.",
            status=answer.status,
        )


def keys_of(config: Mapping[str, Any]) -> list[str]:
    """What signs now, the newest first; the previous secret only until its end."""
    keys = [config.get("secret"), config.get("signing_key")]
    until = parse_datetime(str(config.get("previous_secret_until") or ""))
    if until is None or (until.tzinfo is not None and until > clock.now()):
        keys.append(config.get("previous_secret"))
    return [str(key) for key in keys if key]


def _sent(request: HttpRequest, tls: TlsOptions) -> HttpAnswer:
    return http.send(
        request,
        deadline=Deadline(TIMEOUT),
        connect_timeout=CONNECT_TIMEOUT,
        max_bytes=MAX_ANSWER,
        tls=tls,
    )


def _refused(answer: HttpAnswer) -> NotDelivered:
    status = answer.status
    said = f"The receiver answered {status}"
    if 300 <= status < 400:
        said += ": a redirect is not followed; set the address that it names"
    return NotDelivered(
        f"{said}.",
        status=status,
        answer=answer.content[:SHOWN].decode("utf-8", "replace"),
        retry_after=hints.wait_seconds(answer.headers, clock.now(), status),
        throttled=status in _THROTTLES,
        gone=status == GONE,
    )

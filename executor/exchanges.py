"""What went over the wire in one attempt, as it may be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from executor.calls import Exchange
from executor.shaping import readable
from integration_hub.egress.door import HttpRequest, Timings
from integration_hub.lib import log
from integration_hub.lib.errors import HubError
from integration_hub.lib.redact import MASK, Redactor
from registry.adapter import Adapter, AdapterAnswer, AdapterCall, Sent

_logger = log.get(__name__)
_PHASES = tuple(field.name for field in fields(Timings))


def raw(adapter: Adapter, call: AdapterCall | None, answer: AdapterAnswer | None) -> Exchange:
    """What was sent and received; without an answer, what would have been sent (unsigned)."""
    if answer is not None and answer.exchange is not None:
        return Exchange(answer.exchange.request, answer)
    return Exchange(_previewed(adapter, call), answer)


def _previewed(adapter: Adapter, call: AdapterCall | None) -> HttpRequest | Sent | None:
    if call is None:
        return None
    try:
        return adapter.preview(call)
    except HubError:
        return None  # the request cannot be built: that is the attempt's own error
    except Exception:
        _logger.exception("adapter_failed", adapter=adapter.type, at="preview")
        return None


def timings(answer: AdapterAnswer | None) -> Mapping[str, float]:
    """Milliseconds by phase; only those that took any."""
    if answer is None or answer.exchange is None:
        return {}
    found = ((name, getattr(answer.exchange.timings, name)) for name in _PHASES)
    return {name: round(value, 3) for name, value in found if value}


def sizes(exchange: Exchange) -> tuple[int | None, int | None]:
    """Bytes of the request's body and of the answer's as it came over the wire."""
    sent = None if exchange.request is None else len(exchange.request.body or b"")
    answer = exchange.answer
    if answer is None:
        return sent, None
    wire = answer.exchange.wire_bytes if answer.exchange is not None else 0
    return sent, wire or len(answer.content)


def masked(
    exchange: Exchange, number: int, redactor: Redactor, *, hide: frozenset[str]
) -> dict[str, Any]:
    """The JSON that is kept. `hide` names the sides whose bodies are not kept at all."""
    kept: dict[str, Any] = {"number": number, "request": None, "response": None}
    if exchange.request is not None:
        kept["request"] = _request(exchange.request, redactor, whole="request" in hide)
    if exchange.answer is not None:
        kept["response"] = _response(exchange.answer, redactor, whole="response" in hide)
    return kept


def _request(request: HttpRequest | Sent, redactor: Redactor, *, whole: bool) -> dict[str, Any]:
    """The same members for every protocol: its word is the method, where it went the url."""
    if isinstance(request, Sent):
        request = HttpRequest(
            request.operation,
            request.url,
            {**request.details, "content-type": request.content_type},
            request.body,
        )
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = readable(request.body or b"", headers.get("content-type", ""), redactor)
    return {
        "method": request.method,
        "url": redactor.url(request.url),
        "headers": redactor.headers(headers),
        "body": MASK if whole and body else body,
    }


def _response(answer: AdapterAnswer, redactor: Redactor, *, whole: bool) -> dict[str, Any]:
    body = readable(answer.content, answer.content_type, redactor)
    size = len(answer.content)
    if answer.spooled and answer.exchange is not None:
        body, size = "(in the file store)", answer.exchange.wire_bytes
    return {
        "status": answer.status,
        "headers": redactor.headers(answer.headers),
        "body": MASK if whole and body else body,
        "bytes": size,
    }

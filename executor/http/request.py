"""A method and its parameters to the request that will leave (contract §4). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from executor.http import template
from integration_hub.egress.door import HttpRequest
from integration_hub.egress.policy import MAX_URL
from integration_hub.lib.errors import TransformFailed, ValidationFailed
from registry.adapter import AdapterCall, Onward
from transformer.services import encode_body

BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})

_JSON_FIRST = "application/json, application/xml;q=0.9, text/*;q=0.8, */*;q=0.5"
_XML_FIRST = "application/xml, text/xml, application/json;q=0.9, text/*;q=0.8, */*;q=0.5"


def build_request(call: AdapterCall) -> HttpRequest:
    """The unsigned request. Raises ValidationFailed or TransformFailed."""
    block = call.method.protocol
    verb = str(block["method"])
    kind = body_kind(block)
    if call.onward is not None:
        if call.onward.look:
            return HttpRequest("GET", call.onward.address, _headers(call))
        call = _moved_on(call, call.onward)
    unused = {k: v for k, v in call.parameters.items() if k not in used_names(block)}
    query = list(template.fill_query(block.get("query", {}), call.parameters))
    headers = _headers(call)
    body: bytes | None = None
    if kind == "none":
        query += _query_entries(call, unused, block.get("query", {}))
    else:
        body, content_type = _body(call, kind, unused)
        if content_type and "content-type" not in {name.lower() for name in headers}:
            headers["Content-Type"] = content_type
    address = call.onward.address if call.onward is not None else ""
    return HttpRequest(verb, address or _url(call, query), headers, body)


def _moved_on(call: AdapterCall, onward: Onward) -> AdapterCall:
    """The call of the next page: where a transform makes the whole body, the page joins it."""
    used = used_names(call.method.protocol)
    beside = {name: value for name, value in onward.parameters.items() if name not in used}
    body = call.body
    if call.has_body and beside and (body is None or isinstance(body, Mapping)):
        body = {**(body or {}), **beside}
    return replace(call, parameters={**call.parameters, **onward.parameters}, body=body)


def body_kind(block: Mapping[str, Any]) -> str:
    """What the body is written as; `none` for methods that carry their data in the query."""
    if block["method"] not in BODY_METHODS:
        return "none"
    return str(block.get("body", "json"))


def used_names(block: Mapping[str, Any]) -> frozenset[str]:
    """The parameters that path, query and headers name."""
    parts = (block["path"], *block.get("query", {}).values(), *block.get("headers", {}).values())
    return frozenset(name for part in parts for name in template.names_in(part))


def _url(call: AdapterCall, query: list[tuple[str, str]]) -> str:
    base, _, base_query = str(call.config["base_url"]).partition("?")
    path = template.fill_path(call.method.protocol["path"], call.parameters)
    url = base.rstrip("/") + path if path else base
    joined = "&".join(
        part for part in (base_query, urlencode(query, quote_via=quote, safe="")) if part
    )
    url = f"{url}?{joined}" if joined else url
    if len(url) > MAX_URL:
        raise ValidationFailed(
            f"The URL would be longer than {MAX_URL} characters; send less in path and query."
        )
    return url


def _query_entries(
    call: AdapterCall, unused: Mapping[str, Any], fixed: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """What the body would be, as query entries. A key that the method fixes is not free."""
    for key, value in _document_for_query(call, unused).items():
        if key in fixed:
            raise template.refused(key, "the method itself sets this query entry.")
        try:
            yield from template.entries_of(key, value, key)
        except ValidationFailed as error:
            if not call.has_body:
                raise
            raise TransformFailed(f"The query entry {key!r} is not a plain value.") from error


def _document_for_query(call: AdapterCall, unused: Mapping[str, Any]) -> Mapping[str, Any]:
    if not call.has_body:
        return unused
    if call.body is None:
        return {}
    if not isinstance(call.body, Mapping):
        raise TransformFailed(
            f"The request transform of {call.method.name} must make an object, "
            "because its output is sent as the query."
        )
    return call.body


def _body(call: AdapterCall, kind: str, unused: Mapping[str, Any]) -> tuple[bytes | None, str]:
    """Without anything to send there is a body only where the method names its kind."""
    xsd = call.method.protocol.get("body_xsd")
    if call.has_body:
        return encode_body(kind, call.body, xsd=xsd)
    if kind == "text":
        return encode_body("text", only_text(unused)) if unused else (None, "")
    if not unused and "body" not in call.method.protocol:
        return None, ""
    return encode_body(kind, dict(unused), xsd=xsd)


def only_text(unused: Mapping[str, Any]) -> str:
    """The one parameter that is left for a text body. Raises ValidationFailed."""
    if len(unused) > 1:
        raise ValidationFailed(
            "A text body takes one parameter beside those that the method names elsewhere; "
            f"there are {len(unused)}."
        )
    [(name, value)] = unused.items()
    return template.as_text(value, name)


def _headers(call: AdapterCall) -> dict[str, str]:
    """Later ones win whatever their case: ours, the method's, the call's, the idempotency key."""
    key_header = call.method.idempotency_header
    sets: tuple[Mapping[str, str], ...] = (
        {"Accept": _accept(call)},
        template.fill_headers(call.method.protocol.get("headers", {}), call.parameters),
        call.headers,
        {key_header: call.idempotency_key} if key_header and call.idempotency_key else {},
    )
    spelled: dict[str, tuple[str, str]] = {}
    for headers in sets:
        spelled |= {name.lower(): (name, value) for name, value in headers.items()}
    return dict(spelled.values())


def _accept(call: AdapterCall) -> str:
    transform = call.method.response_transform or {}
    wanted = (transform.get("input") or {}).get("format") or call.method.protocol.get("body")
    return _XML_FIRST if wanted == "xml" else _JSON_FIRST

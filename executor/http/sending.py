"""What adapters over HTTP share: the signed request through the guarded client, at its own host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from integration_hub.egress import http, policy
from integration_hub.egress.door import HttpAnswer, HttpRequest, TlsOptions
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import ResponseInvalid
from registry.adapter import AdapterAnswer, AdapterCall

BASE_URL = {
    "type": "string",
    "format": "uri",
    "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://",
    "maxLength": 2048,
    "title": "Base URL",
}
PATH = {
    "type": "string",
    "pattern": r"^(/[!-\[\]-z|~]*)?$",
    "maxLength": 1024,
    "description": "Appended to base_url; empty unless said.",
}


def send(call: AdapterCall, request: HttpRequest) -> HttpAnswer:
    """The answer to `request`, signed. Raises as `egress.http.send` does."""
    signed = call.sign(request)
    return http.send(
        signed.request,
        deadline=call.deadline,
        allowed_hosts=call.allowed_hosts or (_own_host(call),),
        redirects=call.redirects,
        resign=call.sign,
        answer_challenge=signed.answer_challenge,
        tls=_tls_for(call, signed.request.url),
        spool=call.spool,
    )


def answered(answer: HttpAnswer) -> AdapterAnswer:
    """What came back, as it is."""
    return AdapterAnswer(
        status=answer.status,
        content=answer.content,
        content_type=answer.content_type,
        headers=answer.headers,
        exchange=answer,
        spooled=answer.spooled,
    )


def with_document(
    answer: HttpAnswer, value: Any, *, status: int | None = None, said: str = ""
) -> AdapterAnswer:
    """What came back, with `value`, a part of its JSON, in place of the whole."""
    return replace(
        answered(answer),
        status=answer.status if status is None else status,
        content=jsonsafe.dumps(value),
        content_type="application/json",
        said=said,
    )


def post(call: AdapterCall, document: Any, *, accept: str) -> HttpRequest:
    """`document` as JSON to the method's address."""
    headers = {"Accept": accept, "Content-Type": "application/json"}
    if call.method.idempotency_header and call.idempotency_key:
        headers[call.method.idempotency_header] = call.idempotency_key
    return HttpRequest("POST", address(call), headers, jsonsafe.dumps(document))


def address(call: AdapterCall) -> str:
    """The base's own path kept, its query behind."""
    base, mark, query = str(call.config["base_url"]).partition("?")
    path = str(call.method.protocol.get("path", ""))
    return f"{base.rstrip('/') if path else base}{path}{mark}{query}"


def given(call: AdapterCall) -> Any:
    """What the method is called with: the transform's output, else the parameters; a page joins
    either."""
    beside = dict(call.onward.parameters) if call.onward is not None else {}
    if not call.has_body:
        return {**call.parameters, **beside}
    return {**call.body, **beside} if isinstance(call.body, dict) else call.body


def document_of(answer: HttpAnswer, what: str) -> Any:
    """The JSON of an answer. Raises ResponseInvalid."""
    try:
        return jsonsafe.loads(answer.content)
    except jsonsafe.JSONFault as fault:
        raise ResponseInvalid(
            f"The answer is no {what}: {fault.detail} (line {fault.line}).",
            upstream_status=answer.status,
        ) from None


def _tls_for(call: AdapterCall, url: str) -> TlsOptions | None:
    """The instance's options, at the origin of its `base_url` alone: an address that the
    system gave (a next page, a job) may lead to another."""
    if call.tls is None:
        return None
    own = policy.parse_url(str(call.config["base_url"])).origin
    return call.tls if policy.parse_url(url).origin == own else None


def _own_host(call: AdapterCall) -> str:
    """The default of `allowed_hosts`: the host of `base_url`."""
    return policy.host_of(str(call.config["base_url"]))

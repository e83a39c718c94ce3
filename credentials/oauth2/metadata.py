"""What an authorization server says of itself (RFC 8414, OpenID Connect Discovery 1.0).

Asked for by its issuer, through egress, and remembered: for an hour it is not asked
again, and while it cannot be had, what it said last is used for a day.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from credentials.asking import send
from credentials.choices import Acquisition, Reason
from credentials.errors import NotAcquired
from credentials.remembered import Remembered, fingerprint
from integration_hub.egress import policy
from integration_hub.egress.door import Deadline, HttpAnswer, HttpRequest, TlsOptions
from integration_hub.lib import clock, jsonsafe, log
from integration_hub.lib.errors import HubError

FRESH_SECONDS = 3_600.0
STALE_SECONDS = 86_400.0
RETRY_EVERY = 30.0
"""After a failure what is remembered is used for so long before the server is asked again."""

_WHAT = "the issuer's metadata"
_OAUTH, _OPENID = "oauth-authorization-server", "openid-configuration"
_log = log.get("hub.credentials")


@dataclass(frozen=True, slots=True)
class Metadata:
    """`mtls_token_url`: where a client with a certificate asks (RFC 8705 §5), if elsewhere.

    `names_itself`: its answers to browsers have `iss` (RFC 9207).
    """

    token_url: str = ""
    authorization_url: str = ""
    mtls_token_url: str = ""
    client_auths: tuple[str, ...] = ()
    names_itself: bool = False


@dataclass(slots=True)
class _Held:
    metadata: Metadata
    read_at: float
    asked_at: float


_held: Remembered[_Held] = Remembered(1_024)
_asking = threading.Lock()


def metadata_of(
    issuer: str, *, hosts: tuple[str, ...], deadline: Deadline, tls: TlsOptions | None = None
) -> Metadata:
    """What the server of `issuer` says; it must name that issuer, to the letter.

    Raises NotAcquired where there is none, or none that can be used.
    """
    key = fingerprint(issuer, *hosts, tls.authorities if tls else "")
    held = _held.get(key)
    if held is not None and not _is_to_be_asked(held):
        return held.metadata
    try:
        found = _ask(issuer, hosts, deadline, tls)
    except NotAcquired as failure:
        if held is None or failure.outcome != Acquisition.TRANSIENT or not _bridges(held):
            raise
        _log.warning("issuer_metadata_stale", issuer=issuer, reason=failure.reason.value)
        return held.metadata
    now = clock.monotonic()
    _held.put(key, _Held(found, now, now))
    return found


def _is_to_be_asked(held: _Held) -> bool:
    """Whether this thread is to ask again; the others go on with what is remembered."""
    with _asking:
        now = clock.monotonic()
        if now - held.read_at < FRESH_SECONDS:
            return False
        if now - held.asked_at < RETRY_EVERY and _bridges(held):
            return False
        held.asked_at = now
        return True


def _bridges(held: _Held) -> bool:
    return clock.monotonic() - held.read_at < STALE_SECONDS


def addresses(issuer: str) -> Iterator[str]:
    """Where it may be, in the order in which it is asked for (RFC 8414 §3.1 and §5)."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    yield urlunsplit((parts.scheme, parts.netloc, f"/.well-known/{_OAUTH}{path}", "", ""))
    yield urlunsplit((parts.scheme, parts.netloc, f"{path}/.well-known/{_OPENID}", "", ""))
    if path:
        yield urlunsplit((parts.scheme, parts.netloc, f"/.well-known/{_OPENID}{path}", "", ""))


def _ask(
    issuer: str, hosts: tuple[str, ...], deadline: Deadline, tls: TlsOptions | None
) -> Metadata:
    status = 0
    for address in addresses(issuer):
        request = HttpRequest("GET", address, {"Accept": "application/json"})
        answer = send(request, hosts=hosts, deadline=deadline, tls=tls, what=_WHAT)
        if answer.status == 200:
            return _read(answer, issuer)
        if answer.status == 429 or answer.status >= 500:
            raise NotAcquired(
                Reason.UNAVAILABLE,
                f"{_WHAT} could not be had ({answer.status}); it is asked for again later.",
                status=answer.status,
            )
        status = answer.status
    raise NotAcquired(
        Reason.NO_METADATA,
        f"{issuer} publishes no metadata (it answered {status}): correct `issuer`, or name "
        "token_url and authorization_url instead.",
        status=status,
    )


def _read(answer: HttpAnswer, issuer: str) -> Metadata:
    try:
        document = jsonsafe.loads(answer.content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise NotAcquired(
            Reason.NO_METADATA,
            f"{_WHAT} is no JSON object (RFC 8414 §3.2): correct `issuer`, or name token_url and "
            "authorization_url instead.",
            status=answer.status,
        )
    if document.get("issuer") != issuer:
        raise NotAcquired(
            Reason.OTHER_ISSUER,
            f"what stands at {issuer} names another issuer, or none, so nothing of it is used "
            "(RFC 8414 §3.3): write `issuer` to the letter as the server does.",
            status=answer.status,
        )
    aliases = document.get("mtls_endpoint_aliases")
    return Metadata(
        token_url=_endpoint(document, "token_endpoint", issuer),
        authorization_url=_endpoint(document, "authorization_endpoint", issuer),
        mtls_token_url=_endpoint(aliases, "token_endpoint", issuer)
        if isinstance(aliases, dict)
        else "",
        client_auths=_texts(document.get("token_endpoint_auth_methods_supported")),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(document: Mapping[str, Any], name: str, issuer: str) -> str:
    """Its address, empty where it has none; never less protected than the issuer."""
    said = document.get(name)
    if said is None:
        return ""
    try:
        if isinstance(said, str) and _scheme(said) in ("https", _scheme(issuer)):
            return said
    except HubError:
        pass  # told below
    raise NotAcquired(
        Reason.NO_METADATA,
        f"the {name} in {_WHAT} is no address that may be called: ask the provider, or name "
        "token_url and authorization_url instead.",
    )


def _scheme(url: str) -> str:
    return policy.parse_url(url).origin.scheme


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else ()

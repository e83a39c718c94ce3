"""HTTP Digest (RFC 7616, and RFC 2069 where a server has no `qop`).

The first call is answered with a challenge, which costs one extra request. Its nonce is
kept in the process and counted up by all threads, so that the next calls need none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from credentials.challenges import challenges_of
from credentials.digesting import Session, session_for
from credentials.remembered import Remembered, fingerprint
from credentials.scheme import AuthScheme, schemes
from credentials.signing import control_faults, with_header, without_header
from integration_hub.egress import policy
from integration_hub.egress.door import HttpAnswer, HttpRequest, Signed
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field

_sessions: Remembered[Session] = Remembered(256)


@schemes.register("digest")
class Digest(AuthScheme):
    type = "digest"
    title = "User name and password (Digest)"
    fields = (
        Field("username", label="User name", max_length=1_000),
        Field("password", secret=True, max_length=4_000),
    )

    def check_data(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[Fault]:
        if ":" in data["username"]:
            yield Fault("/username", "A user name has no colon (RFC 7616).", "CHARACTERS")
        for name in ("username", "password"):
            yield from control_faults(name, data[name])

    def apply(
        self, request: HttpRequest, *, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Signed:
        session = _sessions.get(_place(request, data))
        if session is None:
            signed = Signed(without_header(request, "Authorization"), self.secrets(data))
        else:
            signed = _signed(request, session, data)
        return Signed(signed.request, signed.secrets, partial(_answer, data, session))

    def hint(self, data: Mapping[str, Any]) -> str:
        return f"{data['username'][:2]}***"


def _place(request: HttpRequest, data: Mapping[str, Any]) -> bytes:
    origin = policy.parse_url(request.url).origin
    return fingerprint(origin.scheme, origin.authority, data["username"], data["password"])


def _signed(request: HttpRequest, session: Session, data: Mapping[str, Any]) -> Signed:
    uri = policy.parse_url(request.url).path
    header, response = session.header(
        request.method, uri, request.body or b"", data["username"], data["password"]
    )
    return Signed(with_header(request, "Authorization", header), (data["password"], response))


def _answer(data: Mapping[str, Any], used: Session | None, answer: HttpAnswer) -> Signed | None:
    """Sign with the server's new nonce; not where it was the password that it refused."""
    session = session_for(challenges_of(answer.headers.get("www-authenticate", "")))
    if session is None or (used is not None and used.refused_by(session)):
        return None
    _sessions.put(_place(answer.request, data), session)
    return _signed(answer.request, session, data)

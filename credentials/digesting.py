"""The arithmetic of Digest (RFC 7616 §3.4): one server nonce, and the headers it gives."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from credentials.challenges import AuthChallenge

# OpenSSL of every supported system has these; MD5 is what older servers know.
ALGORITHMS = {"md5": "md5", "sha-256": "sha256", "sha-512-256": "sha512_256"}


def _new_cnonce() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Session:
    """One nonce. The counter is one step of the interpreter: no two threads get the same."""

    realm: str
    nonce: str
    algorithm: str = ""
    qop: str = ""
    opaque: str | None = None
    userhash: bool = False
    utf8: bool = False
    stale: bool = False
    cnonce: str = field(default_factory=_new_cnonce)
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    def refused_by(self, new: Session) -> bool:
        """Whether the server refuses who we are, not the nonce: asking again would count
        as one more failed login."""
        return new.nonce == self.nonce and not new.stale

    def header(
        self, method: str, uri: str, body: bytes, username: str, password: str
    ) -> tuple[str, str]:
        """The `Authorization` header of one request, and the response in it."""
        count = f"{next(self.counter):08x}"
        first = self._first(username, password)
        second = f"{method}:{uri}"
        if self.qop == "auth-int":
            second += f":{self._hash_bytes(body)}"
        middle = f"{count}:{self.cnonce}:{self.qop}:" if self.qop else ""
        response = self._hash(f"{first}:{self.nonce}:{middle}{self._hash(second)}")
        return f"Digest {', '.join(self._parts(uri, count, username, response))}", response

    def _first(self, username: str, password: str) -> str:
        found = self._hash(f"{username}:{self.realm}:{password}")
        if self.algorithm.lower().endswith("-sess"):
            return self._hash(f"{found}:{self.nonce}:{self.cnonce}")
        return found

    def _parts(self, uri: str, count: str, username: str, response: str) -> Iterator[str]:
        yield self._user(username)
        yield f"realm={_quoted(self.realm)}"
        yield f"uri={_quoted(uri)}"
        if self.algorithm:
            yield f"algorithm={self.algorithm}"
        yield f"nonce={_quoted(self.nonce)}"
        if self.qop:
            yield f"nc={count}"
            yield f"cnonce={_quoted(self.cnonce)}"
            yield f"qop={self.qop}"
        yield f"response={_quoted(response)}"
        if self.opaque is not None:
            yield f"opaque={_quoted(self.opaque)}"
        if self.userhash:
            yield "userhash=true"

    def _user(self, username: str) -> str:
        if self.userhash:
            return f"username={_quoted(self._hash(f'{username}:{self.realm}'))}"
        if self.utf8 and not username.isascii():
            return f"username*=UTF-8''{quote(username, safe='')}"
        return f"username={_quoted(username)}"

    def _hash(self, text: str) -> str:
        return self._hash_bytes(text.encode())

    def _hash_bytes(self, content: bytes) -> str:
        found = hashlib.new(_base(self.algorithm), usedforsecurity=False)
        found.update(content)
        return found.hexdigest()


def session_for(challenges: Iterable[AuthChallenge]) -> Session | None:
    """For the first challenge that can be met, in the server's order of preference."""
    for challenge in challenges:
        said = challenge.parameters
        if challenge.scheme != "digest" or "nonce" not in said:
            continue
        qop = _qop(said.get("qop"))
        if qop is None or not _base(said.get("algorithm", "")):
            continue
        return Session(
            realm=said.get("realm", ""),
            nonce=said["nonce"],
            algorithm=said.get("algorithm", ""),
            qop=qop,
            opaque=said.get("opaque"),
            userhash=said.get("userhash", "").lower() == "true",
            utf8=said.get("charset", "").lower() == "utf-8",
            stale=said.get("stale", "").lower() == "true",
        )
    return None


def _qop(offered: str | None) -> str | None:
    """`auth`, else `auth-int`; empty for a server of RFC 2069; None for what we do not know."""
    if offered is None:
        return ""
    known = {item.strip().lower() for item in offered.split(",")}
    return next((qop for qop in ("auth", "auth-int") if qop in known), None)


def _base(algorithm: str) -> str:
    """The hash's name; empty when it is none that we have."""
    name = algorithm.lower().removesuffix("-sess") or "md5"
    return ALGORITHMS.get(name, "")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

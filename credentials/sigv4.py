"""AWS Signature Version 4, as its own documentation and test suite have it. Pure."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote, unquote_plus, unquote_to_bytes

from credentials.signing import with_header, without_header
from integration_hub.egress import policy
from integration_hub.egress.door import HttpRequest

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
S3 = frozenset({"s3", "s3-object-lambda", "s3-outposts", "s3express"})

# What a hop may change or add on the way, and what is not part of the message.
_NOT_SIGNED = frozenset(
    {
        "accept", "accept-encoding", "authorization", "connection", "expect", "te",
        "transfer-encoding", "user-agent", "x-amzn-trace-id",
    }
)  # fmt: skip
_UNRESERVED = "-_.~"


@dataclass(frozen=True, slots=True)
class SigV4:
    """How one service is signed for. S3 takes a path as it is and encodes it once; all
    others take it normalised, and encode what is on the wire once more."""

    region: str
    service: str
    as_it_is: bool = False
    content_sha256: bool = False
    unsigned_payload: bool = False

    @classmethod
    def of(cls, options: Mapping[str, object]) -> SigV4:
        service = str(options["service"])
        is_s3 = service in S3
        unsigned = bool(options.get("unsigned_payload"))
        return cls(
            region=str(options["region"]),
            service=service,
            as_it_is=is_s3,
            content_sha256=is_s3 or unsigned or bool(options.get("content_sha256")),
            unsigned_payload=unsigned,
        )

    def sign(
        self,
        request: HttpRequest,
        *,
        access_key_id: str,
        secret_access_key: str,
        session_token: str = "",
        now: datetime,
    ) -> tuple[HttpRequest, str]:
        """The signed request, and the signature in it."""
        stamp = f"{now:%Y%m%dT%H%M%SZ}"
        payload = self._payload(request)
        signed = with_header(without_header(request, "Authorization"), "X-Amz-Date", stamp)
        if self.content_sha256:
            signed = with_header(signed, "X-Amz-Content-Sha256", payload)
        signed = without_header(signed, "X-Amz-Security-Token")
        if session_token:
            signed = with_header(signed, "X-Amz-Security-Token", session_token)
        canonical, names = self.canonical(signed, payload)
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        to_sign = f"{ALGORITHM}\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = _mac(self._key(secret_access_key, stamp[:8]), to_sign).hex()
        header = (
            f"{ALGORITHM} Credential={access_key_id}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return with_header(signed, "Authorization", header), signature

    def canonical(self, request: HttpRequest, payload: str) -> tuple[str, str]:
        """The canonical request, and the names of its headers."""
        origin, path, query = _parts(request.url)
        authority = policy.parse_url(origin).origin.authority
        headers = canonical_headers(request.headers, authority)
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        return "\n".join(
            (request.method, self.path(path), canonical_query(query), lines, names, payload)
        ), names

    def path(self, path: str) -> str:
        if self.as_it_is:
            return quote(unquote_to_bytes(path), safe="/" + _UNRESERVED) or "/"
        return quote(_normalised(path), safe="/" + _UNRESERVED)

    def _payload(self, request: HttpRequest) -> str:
        if self.unsigned_payload and request.url.lower().startswith("https:"):
            return UNSIGNED
        return sha256(request.body or b"").hexdigest()

    def _key(self, secret: str, day: str) -> bytes:
        key = f"AWS4{secret}".encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = _mac(key, part)
        return key


def _parts(url: str) -> tuple[str, str, str]:
    """Origin, path and query as they are written."""
    address, _, query = url.partition("?")
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", slash + path, query


def with_plain_spaces(request: HttpRequest) -> HttpRequest:
    """A `+` of the query written as `%20`: services do not agree on what it means."""
    address, mark, query = request.url.partition("?")
    return replace(request, url=f"{address}{mark}{query.replace('+', '%20')}")


def canonical_headers(headers: Mapping[str, str], host: str) -> dict[str, str]:
    found = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    found["host"] = host
    return {name: found[name] for name in sorted(found) if name not in _NOT_SIGNED}


def canonical_query(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    encoded = sorted((_encoded(name), _encoded(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _encoded(text: str) -> str:
    return quote(unquote_plus(text), safe=_UNRESERVED)


def _normalised(path: str) -> str:
    kept: list[str] = []
    parts: Iterable[str] = path.split("/")
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    ends = path.rpartition("/")[2] in ("", ".", "..")
    return f"/{'/'.join(kept)}{'/' if ends and kept else ''}"


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")

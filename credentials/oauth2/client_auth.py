"""How a client shows at the token endpoint who it is (RFC 6749 §2.3, RFC 7523, RFC 8705)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from credentials.choices import Reason
from credentials.errors import NotAcquired
from credentials.jose import BadKey
from credentials.oauth2.assertion import signed
from credentials.oauth2.settings import OAuthSettings
from integration_hub.egress.door import TlsOptions
from integration_hub.lib.errors import Fault

_BASIC, _POST = "client_secret_basic", "client_secret_post"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Shown:
    """What goes on the request: never anything in its URL."""

    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: TlsOptions | None = None


def method_of(settings: OAuthSettings, data: Mapping[str, Any]) -> str:
    """The one that the entry names, else the usual one for what the data has."""
    if settings.client_auth:
        return settings.client_auth
    if data.get("client_secret"):
        # Where the server says what it takes (RFC 8414); it says nothing of the default.
        only_post = settings.client_auths and _BASIC not in settings.client_auths
        return _POST if only_post and _POST in settings.client_auths else _BASIC
    if data.get("private_key") and settings.grant != "jwt_bearer":
        return "private_key_jwt"
    return "none"


def shown_by(settings: OAuthSettings, data: Mapping[str, Any]) -> Shown:
    """Raises NotAcquired where the data lacks what the method needs."""
    method = method_of(settings, data)
    missing = [name for name in NEEDED[method] if not data.get(name)]
    if missing:
        raise NotAcquired(
            Reason.INCOMPLETE,
            f"{method} needs {' and '.join(missing)}: PUT the credential with it.",
            sent=False,
        )
    return _METHODS[method](settings, data)


def faults(method: str, data: Mapping[str, Any]) -> Iterator[Fault]:
    """What a method that the entry names will miss in this data."""
    for name in NEEDED.get(method, ()):
        if not data.get(name):
            yield Fault(f"/{name}", f"The client authentication {method} needs it.", "REQUIRED")


def _basic(_: OAuthSettings, data: Mapping[str, Any]) -> Shown:
    """Both halves are form-encoded first (RFC 6749 §2.3.1)."""
    pair = f"{quote_plus(data['client_id'])}:{quote_plus(data['client_secret'])}"
    return Shown(headers={"Authorization": f"Basic {b64encode(pair.encode()).decode()}"})


def _post(_: OAuthSettings, data: Mapping[str, Any]) -> Shown:
    return Shown({"client_id": data["client_id"], "client_secret": data["client_secret"]})


def _assertion(settings: OAuthSettings, data: Mapping[str, Any]) -> Shown:
    client = data["client_id"]
    audience = settings.assertion_audience or settings.token_url
    made = sign_with(data, {"iss": client, "sub": client, "aud": audience})
    return Shown(
        {"client_id": client, "client_assertion_type": JWT_BEARER, "client_assertion": made}
    )


def _certificate(settings: OAuthSettings, data: Mapping[str, Any]) -> Shown:
    tls = TlsOptions(
        authorities=settings.authorities,
        certificate=data["certificate"],
        private_key=data["private_key"],
    )
    return Shown({"client_id": data["client_id"]}, tls=tls)


def _public(settings: OAuthSettings, data: Mapping[str, Any]) -> Shown:
    named = data.get("client_id") and settings.grant != "jwt_bearer"
    return Shown({"client_id": data["client_id"]} if named else {})


def sign_with(data: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """An assertion signed with the data's private key. Raises NotAcquired."""
    try:
        return signed(
            claims,
            key=data["private_key"],
            algorithm=data.get("algorithm") or "RS256",
            key_id=data.get("key_id", ""),
        )
    except BadKey as error:
        raise NotAcquired(
            Reason.INCOMPLETE,
            f"the stored private_key cannot sign: {error} PUT the credential with the right one.",
            sent=False,
        ) from None


NEEDED: Mapping[str, tuple[str, ...]] = {
    _BASIC: ("client_id", "client_secret"),
    _POST: ("client_id", "client_secret"),
    "private_key_jwt": ("client_id", "private_key"),
    "tls_client_auth": ("client_id", "certificate", "private_key"),
    "none": (),
}
_METHODS: Mapping[str, Callable[[OAuthSettings, Mapping[str, Any]], Shown]] = {
    _BASIC: _basic,
    _POST: _post,
    "private_key_jwt": _assertion,
    "tls_client_auth": _certificate,
    "none": _public,
}

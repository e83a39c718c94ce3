"""A JSON Web Token (RFC 7519) minted for each request, and worth nothing a minute later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import uuid4

from credentials.jose import ALGORITHMS, HMACS, BadKey, compact, default_algorithm, private_key
from credentials.scheme import AuthScheme, schemes
from credentials.secret_bytes import WRITTEN, secret_bytes
from credentials.signing import FORBIDDEN_HEADERS, HEADER_NAME, header_faults, with_header
from credentials.template import BadTemplate, fill, names_in
from integration_hub.egress.door import HttpRequest, Login, Signed
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import Fault, InstanceNotReady
from integration_hub.lib.fields import Field
from integration_hub.lib.pointers import join

LIFETIME = 60
_OWN_CLAIMS = ("iat", "exp", "jti")
_ALGORITHM = {"enum": list(ALGORITHMS)}


@schemes.register("jwt")
class Jwt(AuthScheme):
    type = "jwt"
    title = "JSON Web Token, signed for each request"
    fields = (
        Field(
            "private_key",
            "text",
            secret=True,
            required=False,
            max_length=32_768,
            help="PEM, not encrypted, or a JWK. This or a secret.",
        ),
        Field("secret", secret=True, required=False, max_length=4_000, help="For HS256 and kin."),
        Field("algorithm", required=False, schema=_ALGORITHM, help="Default: what the key is for."),
        Field("key_id", required=False, max_length=1_000, label="Key id", help="The header's kid."),
        Field("claims", "object", required=False, help="Beside the definition's, over them."),
    )
    options = (
        Field("algorithm", required=False, schema=_ALGORITHM),
        Field(
            "claims",
            "object",
            required=False,
            help="`{x}` in a text is x of the instance's config.",
        ),
        Field(
            "lifetime",
            "integer",
            required=False,
            schema={"minimum": 1, "maximum": 3_600},
            help="Seconds; default 60.",
        ),
        Field(
            "secret_encoding",
            required=False,
            schema={"enum": list(WRITTEN)},
            help="How the secret is written; default text.",
        ),
        Field("header", required=False, max_length=200, help="Default Authorization."),
        Field("prefix", required=False, max_length=100, help="Default Bearer; may be empty."),
    )

    def check_options(self, options: Mapping[str, Any]) -> Iterable[Fault]:
        claims = options.get("claims", {})
        yield from _own_claim_faults(claims)
        yield from _template_faults(claims, ("claims",))
        name = options.get("header", "Authorization")
        if not HEADER_NAME.fullmatch(name) or name.lower() in FORBIDDEN_HEADERS:
            yield Fault("/header", "Not the name of a header that may be set.", "NAME")
        yield from header_faults("prefix", options.get("prefix", ""))

    def check_data(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[Fault]:
        yield from _own_claim_faults(data.get("claims", {}))
        if bool(data.get("private_key")) == bool(data.get("secret")):
            yield Fault("/private_key", "Either a private_key or a secret, not both.", "REQUIRED")
            return
        member = "private_key" if data.get("private_key") else "secret"
        try:
            _check_key(data, options, _algorithm(data, options))
        except BadKey as error:
            yield Fault(f"/{member}", str(error), "FORMAT")

    def options_for(
        self, options: Mapping[str, Any], config: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        claims = options.get("claims")
        return {**options, "claims": _filled(claims, config)} if claims else options

    def apply(
        self, request: HttpRequest, *, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Signed:
        token = _mint(data, options)
        prefix = options.get("prefix", "Bearer")
        value = f"{prefix} {token}" if prefix else token
        signed = with_header(request, options.get("header", "Authorization"), value)
        return Signed(signed, (*self.secrets(data), token))

    def login(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Login:
        token = _mint(data, options)
        return Login(token=token, secrets=(*self.secrets(data), token))

    def hint(self, data: Mapping[str, Any]) -> str:
        key_id = data.get("key_id", "")
        return f"{key_id[:4]}***" if len(key_id) >= 8 else ""


def _check_key(data: Mapping[str, Any], options: Mapping[str, Any], algorithm: str) -> None:
    """Raises BadKey."""
    if algorithm in HMACS:
        if not data.get("secret"):
            raise BadKey(f"{algorithm} takes a secret, not a private key.")
        try:
            _secret(data, options)
        except ValueError:
            written = options["secret_encoding"]
            raise BadKey(f"It is not {written}, as the definition says it is.") from None
    elif not data.get("private_key"):
        raise BadKey(f"{algorithm} takes a private key, not a secret.")
    else:
        private_key(data["private_key"], algorithm)


def _mint(data: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    algorithm = _algorithm(data, options)
    now = int(clock.now().timestamp())
    times = {"iat": now, "exp": now + options.get("lifetime", LIFETIME), "jti": str(uuid4())}
    claims = {**options.get("claims", {}), **data.get("claims", {}), **times}
    header = {"typ": "JWT"} | ({"kid": data["key_id"]} if data.get("key_id") else {})
    key = data.get("private_key") or _secret(data, options)
    return compact(header, jsonsafe.dumps(claims), key=key, algorithm=algorithm)


def _secret(data: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    """Raises ValueError."""
    return secret_bytes(data["secret"], options.get("secret_encoding", "text"))


def _algorithm(data: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """Raises BadKey."""
    said = data.get("algorithm") or options.get("algorithm")
    if said:
        return str(said)
    return default_algorithm(data["private_key"]) if data.get("private_key") else "HS256"


def _own_claim_faults(claims: Mapping[str, Any]) -> Iterator[Fault]:
    for name in _OWN_CLAIMS:
        if name in claims:
            detail = "The hub sets it for each token; `lifetime` says how long one holds."
            yield Fault(join(("claims", name)), detail, "NAME")


def _template_faults(value: Any, place: tuple[str | int, ...]) -> Iterator[Fault]:
    try:
        for text_place, text in _texts(value, place):
            place = text_place
            names_in(text)
    except BadTemplate as error:
        yield Fault(join(place), str(error), "TEMPLATE")


def _texts(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, (*place, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*place, index))


def _filled(value: Any, config: Mapping[str, Any]) -> Any:
    """Raises InstanceNotReady."""
    if isinstance(value, dict):
        return {name: _filled(item, config) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, config) for item in value]
    if not isinstance(value, str):
        return value

    def member(name: str) -> str:
        if not isinstance(config.get(name), str | int):
            raise InstanceNotReady(f"The token needs config.{name}: set it at the instance.")
        return str(config[name])

    return fill(value, member).decode()

"""OAuth 2.0: an access token that is fetched, used until shortly before its end, and renewed."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from credentials.acquiring import (
    MARGIN_OPTION,
    Acquired,
    AcquiringScheme,
    Place,
    seconds_option,
)
from credentials.jose import ALGORITHMS, BadKey
from credentials.oauth2 import client_auth
from credentials.oauth2.assertion import signed
from credentials.oauth2.authorize import PROTOCOL
from credentials.oauth2.grants import form_of
from credentials.oauth2.settings import CLIENT_AUTHS, GRANTS, settings_of
from credentials.oauth2.token_answer import TokenAnswer
from credentials.oauth2.token_endpoint import request_token
from credentials.pem import pair_faults
from credentials.scheme import schemes
from credentials.signing import header_faults, tail_hint, with_header
from integration_hub.egress.door import Deadline, HttpRequest, Login, Signed, TlsOptions
from integration_hub.lib import clock
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field

_URL = {"pattern": "^(https?://|/)", "maxLength": 2_048}
_WORDS = {
    "type": ["array", "string"],
    "items": {"type": "string", "minLength": 1, "maxLength": 500},
    "maxItems": 200,
}
_OWN_PARAMS = PROTOCOL | {"assertion", "refresh_token"}


@schemes.register("oauth2")
class OAuth2(AcquiringScheme):
    type = "oauth2"
    title = "OAuth 2.0"
    config_members = (
        "grant", "authorization_url", "token_url", "scopes", "client_auth", "resource", "audience",
    )  # fmt: skip
    fields = (
        Field("access_token", secret=True, required=False, help="Fetched where it is left out."),
        Field("refresh_token", secret=True, required=False),
        Field("expires_at", "datetime", required=False, help="When the access token ends."),
        Field("client_id", required=False, max_length=1_000, label="Client id"),
        Field("client_secret", secret=True, required=False, max_length=4_000),
        Field("scope", required=False, max_length=4_000, help="What was granted, by spaces."),
        Field("private_key", "text", secret=True, required=False, help="PEM, for assertions."),
        Field("algorithm", required=False, schema={"enum": list(ALGORITHMS)}),
        Field("key_id", required=False, max_length=200, help="`kid` of assertions."),
        Field("issuer", required=False, max_length=1_000, help="`iss` of jwt_bearer."),
        Field("subject", required=False, max_length=1_000, help="`sub` of jwt_bearer."),
        Field("certificate", "text", required=False, help="PEM, for tls_client_auth."),
    )
    options = (
        Field("grant", required=False, schema={"enum": list(GRANTS)}),
        Field("authorization_url", required=False, schema=_URL),
        Field("token_url", required=False, schema=_URL),
        Field("scopes", required=False, schema=_WORDS),
        Field("client_auth", required=False, schema={"enum": list(CLIENT_AUTHS)}),
        Field(
            "extra_params",
            "object",
            required=False,
            schema={"additionalProperties": {"type": "string"}, "maxProperties": 50},
            help="Sent to authorization_url where a person authorises, else to token_url.",
        ),
        Field("resource", required=False, schema=_WORDS, help="RFC 8707: what the token is for."),
        Field("audience", required=False, max_length=2_048),
        Field(
            "issuer",
            required=False,
            schema=_URL,
            help="Answers must name it (RFC 9207); its metadata says which addresses are left out.",
        ),
        Field("assertion_audience", required=False, max_length=2_048, help="Default: token_url."),
        Field("assertion_claims", "object", required=False, help="More claims of jwt_bearer."),
        Field("token_type", required=False, schema={"enum": ["bearer"]}),
        Field("prefix", required=False, max_length=40, help="Before the token; default Bearer."),
        MARGIN_OPTION,
        seconds_option(
            "default_lifetime_seconds",
            help="Of a token whose answer does not say; default 3,600.",
        ),
        seconds_option(
            "refresh_idle_seconds",
            least=60,
            help="A refresh token unused for so long ends: it is used before that.",
        ),
    )

    def check_options(self, options: Mapping[str, Any]) -> Iterable[Fault]:
        for name in sorted(_OWN_PARAMS & set(options.get("extra_params", {}))):
            yield Fault(f"/extra_params/{name}", "The grant itself says this.", "NAME")
        if set("?#") & set(options.get("issuer", "")):
            yield Fault(
                "/issuer", "An issuer has no query and no fragment (RFC 8414 §2).", "FORMAT"
            )
        yield from header_faults("prefix", options.get("prefix", ""))

    def check_data(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[Fault]:
        yield from header_faults("access_token", data.get("access_token", ""))
        if data.get("expires_at") and _moment(data["expires_at"]) is None:
            detail = "A date and time with its zone (RFC 3339), as 2030-01-31T12:00:00Z."
            yield Fault("/expires_at", detail, "FORMAT")
        yield from client_auth.faults(str(options.get("client_auth", "")), data)
        yield from _grant_faults(data, options)
        yield from _key_faults(data)

    def tls(self, data: Mapping[str, Any]) -> TlsOptions | None:
        """A token may be bound to the client's certificate (RFC 8705 §3): calls show it too."""
        if not data.get("certificate") or not data.get("private_key"):
            return None
        return TlsOptions(certificate=data["certificate"], private_key=data["private_key"])

    def apply(
        self, request: HttpRequest, *, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Signed:
        token = data["access_token"]
        value = f"{options.get('prefix', 'Bearer')} {token}"
        return Signed(with_header(request, "Authorization", value), (token,))

    def login(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Login:
        return Login(token=data["access_token"], secrets=(data["access_token"],))

    def hint(self, data: Mapping[str, Any]) -> str:
        client = data.get("client_id", "")
        return f"{client[:4]}***" if len(client) >= 8 else tail_hint(data.get("access_token", ""))

    def is_held(self, data: Mapping[str, Any]) -> bool:
        return bool(data.get("access_token"))

    def can_acquire(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
        if options.get("grant") in ("client_credentials", "jwt_bearer"):
            return True
        return bool(data.get("refresh_token"))

    def spends_its_grant(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
        return options.get("grant") not in ("client_credentials", "jwt_bearer")

    def state_of(self, data: Mapping[str, Any]) -> Acquired:
        scope = data.get("scope", "")  # a reference says nothing before it is looked up
        return Acquired(
            data, _moment(data.get("expires_at")), scope if isinstance(scope, str) else ""
        )

    def acquire(
        self,
        *,
        data: Mapping[str, Any],
        options: Mapping[str, Any],
        place: Place,
        deadline: Deadline,
    ) -> Acquired:
        settings = settings_of(options, place, deadline)
        form = form_of(settings, data)
        answer = request_token(settings=settings, data=data, form=form, deadline=deadline)
        return acquired(data, answer, default_lifetime=settings.default_lifetime)


def acquired(
    data: Mapping[str, Any], answer: TokenAnswer, *, default_lifetime: int | None
) -> Acquired:
    """The data with what was answered in it; an old refresh token stays where no new one came."""
    lifetime = answer.expires_in or default_lifetime
    ends = clock.now() + timedelta(seconds=lifetime) if lifetime else None
    new = {k: v for k, v in data.items() if k not in ("access_token", "expires_at")}
    new["access_token"] = answer.access_token
    if ends is not None:
        new["expires_at"] = clock.rfc3339(ends)
    if answer.refresh_token:
        new["refresh_token"] = answer.refresh_token
    if answer.scope:
        new["scope"] = answer.scope
    return Acquired(new, ends, str(new.get("scope", "")))


def _grant_faults(data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[Fault]:
    grant = options.get("grant")
    if grant == "client_credentials" and not data.get("client_id"):
        yield Fault("/client_id", "The grant client_credentials needs it.", "REQUIRED")
    if grant == "refresh_token" and not data.get("refresh_token"):
        yield Fault("/refresh_token", "The grant refresh_token needs it.", "REQUIRED")
    if grant == "jwt_bearer":
        if not data.get("private_key"):
            yield Fault("/private_key", "The grant jwt_bearer needs it.", "REQUIRED")
        if not (data.get("issuer") or data.get("client_id")):
            yield Fault("/issuer", "The grant jwt_bearer needs it, or client_id.", "REQUIRED")


def _key_faults(data: Mapping[str, Any]) -> Iterable[Fault]:
    if not data.get("private_key"):
        return
    if data.get("certificate"):
        yield from pair_faults(data)
        return
    try:
        signed({}, key=data["private_key"], algorithm=data.get("algorithm") or "RS256")
    except BadKey as error:
        yield Fault("/private_key", str(error), "FORMAT")


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return None if moment.utcoffset() is None else moment

"""The address that a person is sent to (RFC 6749 §4.1.1, RFC 7636, RFC 8707)."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from django.conf import settings as hub

from credentials.oauth2.pkce import challenge_of
from credentials.oauth2.settings import OAuthSettings
from integration_hub.egress.policy import MAX_URL, parse_url
from integration_hub.lib.errors import ValidationFailed

CALLBACK = "/api/v1/oauth2/callback"
# What the hub says itself: neither `extra_params` nor the endpoint's own query may say it too.
PROTOCOL = frozenset(
    {
        "response_type", "response_mode", "client_id", "client_secret", "redirect_uri", "scope",
        "state", "code_challenge", "code_challenge_method", "code_verifier", "code", "grant_type",
        "request", "request_uri", "client_assertion", "client_assertion_type",
    }
)  # fmt: skip


def redirect_uri() -> str:
    """What has to be registered at the provider, to the letter."""
    return f"{hub.HUB_PUBLIC_URL}{CALLBACK}"


def build_url(
    settings: OAuthSettings, *, client_id: str, scope: str, state: str, verifier: str
) -> str:
    """The whole address. Raises ValidationFailed, and TargetForbidden where it is no http one."""
    parse_url(settings.authorization_url)  # a browser opens it: never another scheme
    address, _, query = settings.authorization_url.partition("#")[0].partition("?")
    asked = [
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri()),
        *([("scope", scope)] if scope else []),
        ("state", state),
        ("code_challenge", challenge_of(verifier)),
        ("code_challenge_method", "S256"),
        *(("resource", resource) for resource in settings.resource),
        *([("audience", settings.audience)] if settings.audience else []),
    ]
    taken = PROTOCOL | {name for name, _ in asked}
    given = [*parse_qsl(query, keep_blank_values=True), *settings.extra_params.items()]
    beside = [(name, str(value)) for name, value in given if name not in taken]
    url = f"{address}?{urlencode([*beside, *asked], quote_via=quote, safe='')}"
    if len(url) > MAX_URL:
        raise ValidationFailed(f"The address would be longer than {MAX_URL} characters.")
    return url


def host_of(settings: OAuthSettings) -> str:
    """The server that a person will be sent to, as people know it."""
    return urlsplit(settings.authorization_url).netloc

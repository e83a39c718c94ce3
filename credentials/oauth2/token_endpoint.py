"""One request to a token endpoint, through egress: what every grant and the code exchange use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from credentials.asking import send
from credentials.oauth2.client_auth import shown_by
from credentials.oauth2.settings import OAuthSettings
from credentials.oauth2.token_answer import TokenAnswer, read_answer
from integration_hub.egress.door import Deadline, HttpRequest, TlsOptions
from integration_hub.lib import redact

SECRET_MEMBERS = (
    "client_secret", "private_key", "access_token", "refresh_token", "client_assertion",
    "assertion", "code", "code_verifier",
)  # fmt: skip

Pairs = Sequence[tuple[str, str]]


def request_token(
    *,
    settings: OAuthSettings,
    data: Mapping[str, Any],
    form: Mapping[str, str],
    deadline: Deadline,
) -> TokenAnswer:
    """POST `form` (with `grant_type`) as the client that `data` describes; once, never redirected.

    `resource` and `audience` are added as the entry has them. Raises NotAcquired with
    a reason for each way in which this can go wrong, and Cancelled.
    """
    shown = shown_by(settings, data)
    body = urlencode([*_targets(settings), *{**form, **shown.form}.items()])
    request = HttpRequest(
        "POST",
        settings.token_url,
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            **shown.headers,
        },
        body.encode(),
    )
    secrets = _secrets({**data, **form, **shown.form})
    with redact.registered(*secrets, *shown.headers.values()):
        answer = send(
            request, hosts=settings.hosts, deadline=deadline, tls=_tls(settings, shown.tls)
        )
        return read_answer(answer, token_type=settings.token_type)


def _targets(settings: OAuthSettings) -> Iterator[tuple[str, str]]:
    for address in settings.resource:  # RFC 8707
        yield "resource", address
    if settings.audience:
        yield "audience", settings.audience


def _tls(settings: OAuthSettings, own: TlsOptions | None) -> TlsOptions | None:
    if own is not None or not settings.authorities:
        return own
    return TlsOptions(authorities=settings.authorities)


def _secrets(members: Mapping[str, Any]) -> tuple[str, ...]:
    held = (members.get(name) for name in SECRET_MEMBERS)
    return tuple(value for value in held if isinstance(value, str) and value)

"""What a service must not start with: some of it never, some of it in production mode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from integration_hub.api.rate import parse_rate

TAG = "hub"
MIN_SECRET_LENGTH = 50
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1", ""})
_MAKE_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(48))"'


def check_production(**_: Any) -> list[checks.CheckMessage]:
    """hub.E010–E015: keys, hosts, debugging and limits of a service that others can reach."""
    return [*_always(), *(_in_production() if settings.HUB_PRODUCTION else ())]


def refuse_unsafe_start() -> None:
    """Raise ImproperlyConfigured that lists what is unsafe in this mode."""
    faults = [fault for fault in checks.run_checks(tags=[TAG]) if fault.is_serious()]
    if faults:
        lines = [f"{fault.id}: {fault.msg} {fault.hint or ''}".strip() for fault in faults]
        raise ImproperlyConfigured("The hub does not start:\n" + "\n".join(lines))


def _always() -> Iterator[checks.CheckMessage]:
    if not _secret_key():
        yield checks.Error("SECRET_KEY is not set.", hint=f"Set one: {_MAKE_KEY}", id="hub.E012")
    scheme, public_host = _public_place()
    if scheme not in ("http", "https") or not public_host:
        yield checks.Error(
            f"HUB_PUBLIC_URL is {settings.HUB_PUBLIC_URL!r}, which is no web address.",
            hint="Write how people reach the hub, as https://hub.example.",
            id="hub.E015",
        )
    if settings.DEBUG and public_host not in _LOCAL_HOSTS:
        yield checks.Error(
            f"DEBUG is on although HUB_PUBLIC_URL is {settings.HUB_PUBLIC_URL}.",
            hint="Unset DEBUG: its error pages show settings and data to every visitor.",
            id="hub.E010",
        )
    try:
        parse_rate(settings.HUB_API_RATE)
        parse_rate(settings.HUB_CONNECT_RATE, "HUB_CONNECT_RATE")
        parse_rate(settings.HUB_WEBHOOK_RATE, "HUB_WEBHOOK_RATE")
    except ValueError as error:
        yield checks.Error(str(error), hint="Use a number and s, m or h, as 600/m.", id="hub.E011")


def _in_production() -> Iterator[checks.CheckMessage]:
    secret = _secret_key()
    weak = len(secret) < MIN_SECRET_LENGTH or "insecure" in secret or len(set(secret)) < 5
    if secret and weak:
        yield checks.Error(
            f"SECRET_KEY is weak: it needs at least {MIN_SECRET_LENGTH} random characters.",
            hint=f"Set one: {_MAKE_KEY}",
            id="hub.E013",
        )
    if not settings.ALLOWED_HOSTS:
        yield checks.Error(
            "ALLOWED_HOSTS is empty, so every request would be refused.",
            hint="Name the hosts that people use, as ALLOWED_HOSTS=hub.example.",
            id="hub.E014",
        )
    elif "*" in settings.ALLOWED_HOSTS:
        yield checks.Warning(
            "ALLOWED_HOSTS has *, so links can be made to point anywhere.",
            hint="Name the hosts that people use.",
            id="hub.W014",
        )


def _public_place() -> tuple[str, str]:
    try:
        parts = urlsplit(settings.HUB_PUBLIC_URL)
    except ValueError:  # brackets that are no address
        return "", ""
    return parts.scheme, parts.hostname or ""


def _secret_key() -> str:
    try:
        return str(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django raises on reading an empty one
        return ""

"""The only module that reads the environment: typed values, `NAME_FILE` for secrets.

In development a `.env` beside manage.py is read first; what is already set wins.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

_env = environ.Env()
_own: set[str] = set()
"""Every name that a setting was read from."""


def read_dotenv() -> None:
    path = Path(os.environ.get("HUB_ENV_FILE", BASE_DIR / ".env"))
    if path.is_file():
        environ.Env.read_env(path, overwrite=False)


def export(name: str, value: str) -> None:
    """Set what a library reads from the environment, for this process and those it forks."""
    os.environ[name] = value


def text(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file that NAME_FILE points to."""
    _own.update((name, f"{name}_FILE"))
    path = os.environ.get(f"{name}_FILE", "")
    if path and name not in os.environ:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE points to {path}, which cannot be read ({error.strerror}). "
                f"Make the file readable or set {name}."
            ) from None
    return str(_env.str(name, default=default)).strip()


def is_own(name: str) -> bool:
    """Whether the variable is one of the hub's own settings."""
    return name in _own


def outside(name: str) -> str | None:
    """A variable that is no setting of the hub, e.g. one that a credential refers to."""
    return None if is_own(name) else os.environ.get(name)


def items(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def flag(name: str, *, default: bool = False) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; it takes true or false.")


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    value = text(name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        number = minimum - 1
    if number < minimum:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a whole number ≥ {minimum}.")
    return number


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = text(name, default) or default
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes one of {', '.join(allowed)}.")
    return value


def database(default: str) -> dict[str, object]:
    """Django's settings for DATABASE_URL; only PostgreSQL and SQLite are supported."""
    url = text("DATABASE_URL", default) or default
    try:
        parsed = dict(environ.Env.db_url_config(url))
    except (ValueError, KeyError, AttributeError):
        parsed = {}
    engine = str(parsed.get("ENGINE", ""))
    known = {"django.db.backends.postgresql", "django.db.backends.sqlite3"}
    if engine not in known or not parsed.get("NAME"):
        raise ImproperlyConfigured(
            "DATABASE_URL is not understood; use postgres://user@host:5432/name or "
            "sqlite:////absolute/path.sqlite3."
        )
    return parsed


def is_loopback_http(url: str) -> bool:
    """Whether `url` is plain http on this machine: the mark of a development set-up."""
    try:
        parts = urlsplit(url)
    except ValueError:  # no address at all: hub.E015 says so
        return False
    return parts.scheme == "http" and (parts.hostname or "") in {"localhost", "127.0.0.1", "::1"}

"""The web process itself, started as a server starts it."""

import os
import secrets
import subprocess
import sys

import pytest
from django.conf import settings


def start(*arguments, **environment):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=settings.BASE_DIR,
        env=kept | {"HUB_ENV_FILE": os.devnull} | environment,
        capture_output=True,
        text=True,
        timeout=100,
    )


def production():
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FERNET_KEYS": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": "hub.example",
        "HUB_PUBLIC_URL": "https://hub.example",
    }


def test_without_any_setting_it_does_not_start_and_says_what_to_do():
    ended = start("-c", "import integration_hub.wsgi")
    assert ended.returncode != 0
    for said in ("hub.E012: SECRET_KEY is not set", "hub.E014", "hub.E001", "token_urlsafe(48)"):
        assert said in ended.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://hub@db/hub"),
        ("DATABASE_URL", "postgres://hub:p4ssw0rd@"),
        ("HUB_OUTBOUND_POLICY", "open"),
        ("HUB_OUTBOUND_ALLOW", "10.0.0.0/99"),
        ("REDIS_URL", "localhost:6379"),
        ("HUB_PUBLIC_URL", "http://[::"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named_without_a_trace(name, value):
    ended = start("manage.py", "check", **production() | {name: value})
    assert ended.returncode == 1
    assert name in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "p4ssw0rd" not in ended.stderr


def test_with_good_settings_it_starts():
    ended = start("-c", "import integration_hub.wsgi", **production())
    assert ended.returncode == 0, ended.stderr


def test_the_deployment_checks_are_clean_in_production_mode():
    ended = start("manage.py", "check", "--deploy", "--fail-level", "WARNING", **production())
    assert ended.returncode == 0, ended.stderr

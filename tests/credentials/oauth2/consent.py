"""An instance whose definition a person can connect, and the server where they consent."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.consent_server import ConsentServer

CALLBACK = "/api/v1/oauth2/callback"
CLIENT_SECRET = "canary7Zp4secret"
CLIENT = {"client_id": "hub", "client_secret": CLIENT_SECRET}


def entry(server: ConsentServer, **more) -> dict:
    return {
        "type": "oauth2",
        "grant": "authorization_code",
        "authorization_url": server.authorize_url,
        "token_url": server.token_url,
        "scopes": ["contacts.read", "contacts.write"],
        "resource": "https://api.acme.example/",
        "issuer": server.url,
        "extra_params": {"prompt": "consent"},
        **more,
    }


@pytest.fixture
def consent(settings) -> Iterator[ConsentServer]:
    settings.HUB_CONNECT_RATE = ""  # all tests come from one address
    server = ConsentServer(f"{settings.HUB_PUBLIC_URL}{CALLBACK}")
    server.add_client("hub", secret=CLIENT_SECRET)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def shop(connect, consent):
    """An instance that waits for a person."""
    return connect("shop", auth=[entry(consent)], name="Dora's shop")


def query_of(url: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}

"""A strict authorization server, keys for clients that sign, and an instance that uses it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from credentials import services as credentials
from credentials.models import Credential
from executor import services
from executor.calls import CallOptions
from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.lib import jsonsafe
from registry import services as registry
from tests.authorization_server import AuthorizationServer

SECRET = "s3cr+t&with:signs ü"  # what form-encoding is for
CLIENT = {"client_id": "hub", "client_secret": SECRET}
CALLER = Caller.command("tests")


@pytest.fixture(autouse=True)
def _fresh_process():
    """What a process remembers of a database that the last test rolled back."""
    revision.forget()


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    made = AuthorizationServer().start()
    made.add_client("hub", secret=SECRET)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def key_pair() -> tuple[str, str]:
    """A private and a public key, PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


@pytest.fixture
def shop(db, server):
    """`shop({…data}, grant=…)`: the instance `shop` of a system behind that server.

    A member of the entry that is None is left out. `bare`: the client is in the data.
    """

    def make(data=None, *, methods=None, overrides=None, bare=False, health_check=None, **entry):
        entry.setdefault("grant", "refresh_token")
        told = {"type": "oauth2", "token_url": "/token", **entry}
        document = {
            "slug": "shop",
            "name": "Shop",
            "version": "1.0.0",
            "type": "http",
            "auth": [{name: value for name, value in told.items() if value is not None}],
            "methods": methods
            or {
                "read": {"http": {"method": "GET", "path": "/api/read"}},
                "write": {"http": {"method": "POST", "path": "/api/write"}},
            },
        }
        if health_check is not None:
            document["health_check"] = health_check
        registry.create_definition(document=document, actor="tests", publish=True)
        instance = registry.create_instance(
            definition="shop@1.0.0",
            slug="shop",
            actor="tests",
            config={"base_url": server.url},
            overrides=overrides or {},
        )
        if data is not None:
            put(instance, data, client={} if bare else CLIENT)
        return instance

    return make


def put(instance, data, client=CLIENT) -> Credential:
    return credentials.put_credential(
        instance=instance, type="oauth2", data={**client, **data}, caller=CALLER
    )


@pytest.fixture
def call():
    """`call("read")`: a sync call of `shop`; the reply and its body."""

    def make(method: str = "read", **options):
        reply = services.execute(
            caller=CALLER,
            instance_ref="shop",
            method=method,
            parameters={},
            options=CallOptions(**options),
        )
        return reply, jsonsafe.loads(reply.body)

    return make


@pytest.fixture
def stored():
    """The row, and the data in it."""

    def read() -> tuple[Credential, dict]:
        row = Credential.objects.get()
        return row, jsonsafe.loads(row.open_secret())

    return read

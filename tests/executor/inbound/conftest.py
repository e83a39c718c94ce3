"""An instance that takes hooks, and a provider that sends them."""

from __future__ import annotations

import pytest
from django.test import Client

from executor.inbound import secrets
from integration_hub.coordination import revision
from integration_hub.lib import clock
from registry import services as registry
from registry.models import Instance
from tests.events.secured import authority, expired, secured  # noqa: F401 - fixtures
from tests.executor.inbound.signing import BY_NAME, Sent, secret_of


@pytest.fixture(autouse=True)
def _fresh_process():
    revision.forget()


@pytest.fixture
def taking(db, upstream):
    """`taking({"verify": "github"})`: the instance `shop`, whose definition has that webhook."""

    def make(webhook: dict, *, secret: str | None = "") -> Instance:
        registry.create_definition(
            document={
                "slug": "shop",
                "name": "Shop",
                "version": "1.0.0",
                "type": "http",
                "default_config": {"base_url": upstream.url},
                "webhook": webhook,
                "methods": {
                    "note": {"http": {"method": "POST", "path": "/contacts"}},
                    "keyed": {
                        "http": {"method": "POST", "path": "/contacts"},
                        "param_schema": {"type": "object", "required": ["key"]},
                    },
                },
            },
            actor="tests",
            publish=True,
        )
        instance = registry.create_instance(definition="shop", slug="shop", actor="tests")
        if secret is not None and webhook.get("verify") != "none":
            given = secret or secret_of(webhook.get("verify", ""))
            secrets.add_secret(instance=instance, actor="tests", secret=given)
        return instance

    return make


@pytest.fixture
def provider(taking):
    """`provider("stripe")`: the instance takes Stripe's hooks; gives the function that signs."""

    def make(name: str, **members):
        taking({"verify": name, **members})
        return BY_NAME[name]

    return make


@pytest.fixture
def send():
    """`send(sent)`: POST it to the hook of `shop`, as someone without a token."""

    def make(sent: Sent, to: str = "shop", **extra):
        return Client().generic(
            "POST", f"/api/v1/hooks/{to}", sent.body, sent.type, headers=sent.headers, **extra
        )

    return make


def now() -> int:
    return int(clock.now().timestamp())

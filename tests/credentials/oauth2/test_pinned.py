"""A host that the config names is called only where the definition lets the secret go."""

from __future__ import annotations

import pytest

from credentials.acquiring import Place
from credentials.choices import Reason
from credentials.errors import NotAcquired
from credentials.models import Credential
from credentials.oauth2.settings import settings_of
from credentials.services import put_credential
from integration_hub.access.caller import Caller
from integration_hub.egress.door import Deadline
from registry import services as registry
from tests.authorization_server import AuthorizationServer
from tests.credentials.oauth2.conftest import CLIENT, put
from tests.credentials.oauth2.consent import CLIENT as CONSENT_CLIENT
from tests.credentials.oauth2.consent import consent, entry

pytestmark = pytest.mark.django_db
__all__ = ["consent"]
CALLER = Caller.command("tests")
HOME = "/api/v1/instances/shop/oauth2"
REFRESH = "/api/v1/instances/shop/credentials/refresh"
BASE = "https://api.acme.example"


@pytest.fixture
def thief():
    """A server of someone who may edit the config; it would answer with a token."""
    made = AuthorizationServer().start()
    made.add_client("hub", secret=CLIENT["client_secret"])
    yield made
    made.stop()


@pytest.fixture
def elsewhere(server, thief):
    """`elsewhere(…)`: an instance whose config leads the token request to the thief."""

    def make(*, allowed_hosts=(), auth=None, config=None):
        document = {
            "slug": "shop",
            "name": "Shop",
            "version": "1.0.0",
            "type": "http",
            "auth": [auth or {"type": "oauth2", "grant": "client_credentials"}],
            "methods": {"read": {"http": {"method": "GET", "path": "/api/read"}}},
        }
        if allowed_hosts:
            document["allowed_hosts"] = list(allowed_hosts)
        registry.create_definition(document=document, actor="tests", publish=True)
        led = thief.token_url.replace("127.0.0.1", "localhost")
        return registry.create_instance(
            definition="shop@1.0.0",
            slug="shop",
            actor="tests",
            config={"base_url": server.url, "token_url": led, **(config or {})},
        )

    return make


def refused(reply) -> None:
    status, body = reply
    assert (status, body["code"], body["retryable"]) == (403, "TARGET_FORBIDDEN", False), body
    assert "allowed_hosts" in body["detail"]
    assert CLIENT["client_secret"] not in str(body)


@pytest.mark.parametrize("allowed", [(), ("127.0.0.1", "*.acme.example")])
def test_a_call_sends_no_secret_where_only_the_config_leads(elsewhere, call, thief, allowed):
    put(elsewhere(allowed_hosts=allowed), {})
    reply, body = call()
    refused((reply.status, body))
    assert thief.counts["token"] == 0


def test_a_refresh_on_demand_is_refused_alike(elsewhere, api, thief):
    put(elsewhere(), {"refresh_token": "rt-1", "access_token": "at-1"})
    answer = api("credentials").post(REFRESH)
    refused((answer.status_code, answer.json()))
    assert thief.counts["token"] == 0


def test_a_host_that_the_definition_allows_may_come_from_the_config(elsewhere, call, server):
    instance = elsewhere(
        allowed_hosts=("localhost", "127.0.0.1"),
        config={"token_url": server.token_url.replace("127.0.0.1", "localhost")},
    )
    put(instance, {})
    assert call()[0].status == 200
    assert server.counts["token"] == 1


def test_the_host_of_base_url_is_allowed_where_the_definition_names_none(elsewhere, call, server):
    put(elsewhere(config={"token_url": server.token_url}), {})
    assert call()[0].status == 200


def test_a_login_is_not_sent_to_a_host_from_the_config(elsewhere, call, thief):
    login = {"path": "http://{domain}:{port}/login"}
    port = int(thief.url.rpartition(":")[2])
    instance = elsewhere(
        auth={"type": "session_login", "request": login, "token_path": "token"},
        config={"domain": "localhost", "port": port},
    )
    data = {"username": "hub", "password": "pass-word-9"}
    put_credential(instance=instance, type="session_login", data=data, caller=CALLER)
    reply, body = call()
    refused((reply.status, body))
    assert sum(thief.counts.values()) == 0


@pytest.mark.parametrize("when", ["start", "finish"])
def test_nobody_is_sent_to_consent_and_no_code_exchanged(connect, consent, api, thief, when):
    """Also where the config changed while the person was away."""
    told = entry(consent)
    good = told.pop("token_url")
    config = {"base_url": consent.url, "token_url": good}
    instance = connect("shop", auth=[told], config=config)
    bad = {**config, "token_url": thief.token_url.replace("127.0.0.1", "localhost")}
    client = api("credentials")
    if when == "finish":
        start = client.post(f"{HOME}/start", CONSENT_CLIENT, format="json").json()
        back = consent.consent(start["authorization_url"])
    registry.update_instance(instance=instance, changes={"config": bad}, actor="tests")
    if when == "start":
        answer = client.post(f"{HOME}/start", CONSENT_CLIENT, format="json")
    else:
        answer = client.post(f"{HOME}/callback", back, format="json")
    refused((answer.status_code, answer.json()))
    assert thief.counts["token"] == 0
    assert not Credential.objects.exists()


@pytest.mark.parametrize(
    ("said", "config", "allowed"),
    [
        ("https://auth.other.example/token", {}, True),
        ("https://{tenant}.other.example/token", {"tenant": "evil.example"}, True),
        ("https://auth.other.example:{port}/{tenant}", {"port": 8443, "tenant": "a"}, True),
        ("/token", {}, True),
        ("https://{tenant}/token", {"tenant": "evil.example"}, False),
        ("https://{tenant}.com/token", {"tenant": "evil"}, False),
        ("https://api.acme.example{tenant}/token", {"tenant": ".evil.example"}, False),
        ("https://{tenant}/token", {"tenant": "api.acme.example"}, True),
    ],
)
def test_what_a_definition_writes_is_its_own_up_to_the_domain(said, config, allowed):
    config = {"base_url": BASE, **config}
    options = {"token_url": said}
    place = Place("shop", config, own=options)
    if allowed:
        assert settings_of(options, place, Deadline(5)).hosts
        return
    with pytest.raises(NotAcquired) as caught:
        settings_of(options, place, Deadline(5))
    assert caught.value.reason == Reason.FORBIDDEN_ADDRESS
    assert caught.value.sent is False


def test_a_relative_address_follows_base_url_only_to_allowed_hosts():
    options = {"token_url": "/token"}
    config = {"base_url": "https://evil.example"}
    with pytest.raises(NotAcquired, match="allowed_hosts"):
        settings_of(options, Place("shop", config, ("*.acme.example",), own=options), Deadline(5))

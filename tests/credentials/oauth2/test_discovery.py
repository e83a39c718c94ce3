"""A definition that names an issuer: its metadata says where to ask, and is believed only of it."""

from __future__ import annotations

import pytest

from credentials.acquiring import Place
from credentials.choices import Reason
from credentials.errors import NotAcquired
from credentials.oauth2 import metadata
from credentials.oauth2.settings import settings_of
from credentials.scheme import schemes
from integration_hub.egress.door import Deadline
from tests.authorization_server import Answer, AuthorizationServer
from tests.credentials.oauth2.conftest import SECRET
from tests.credentials.oauth2.consent import CLIENT, consent, entry, query_of

pytestmark = pytest.mark.django_db
__all__ = ["consent"]
OAUTH, OPENID = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
HOME = "/api/v1/instances/shop/oauth2"


@pytest.fixture(autouse=True)
def _nothing_remembered():
    metadata._held.clear()


@pytest.fixture
def by_issuer(shop, server):
    """`by_issuer()`: the instance `shop`, whose definition names the issuer alone."""

    def make(data=None, **changes):
        members = {"grant": "client_credentials", "token_url": None, "issuer": server.url}
        return shop(data or {}, **(members | changes))

    return make


@pytest.fixture
def settings_from(server):
    """What an entry comes to, without an instance."""

    def make(config=None, **options) -> object:
        options = {"issuer": server.url} | options
        place = Place("shop", {"base_url": server.url} | (config or {}), own=options)
        return settings_of(options, place, Deadline(5))

    return make


@pytest.mark.parametrize("path", [OAUTH, OPENID])
def test_a_call_finds_the_token_endpoint_by_the_issuer_and_asks_for_it_once(
    by_issuer, call, server, path
) -> None:
    server.publish(path)
    by_issuer()
    assert [call()[0].status, call()[0].status] == [200, 200]
    server.kill_access()
    assert call()[0].status == 200
    assert server.counts["client_credentials"] == 2
    assert server.counts["metadata"] == (1 if path == OAUTH else 2)


@pytest.mark.parametrize("place", [f"{OAUTH}/acme", f"/acme{OPENID}", f"{OPENID}/acme"])
def test_an_issuer_with_a_path_is_found_where_the_standards_say(
    settings_from, server, place
) -> None:
    issuer = f"{server.url}/acme"
    server.publish(place, issuer=issuer)
    assert settings_from(issuer=issuer).token_url == server.token_url


def test_addresses_that_the_entry_names_go_first_and_nobody_is_asked(settings_from, server) -> None:
    told = settings_from(token_url="https://auth.acme.example/token")
    assert (told.token_url, told.hosts) == (
        "https://auth.acme.example/token",
        ("auth.acme.example",),
    )
    assert server.counts["metadata"] == 0


def test_metadata_that_names_another_issuer_is_not_used_and_no_secret_leaves(
    by_issuer, call, server
) -> None:
    server.publish(issuer=f"{server.url}/")  # to the letter
    by_issuer()
    reply, problem = call()
    assert (reply.status, problem["code"], problem["reason"]) == (502, "AUTH_ERROR", "other_issuer")
    assert problem["retryable"] is False
    assert "to the letter" in problem["detail"]
    assert server.requests == []


BAD = {
    "nothing there": None,
    "a page": Answer(body=b"<html>", kind="text/html"),
    "a list": Answer(body=b"[]"),
    "no issuer": {"issuer": None},
    "no token endpoint": {"token_endpoint": None},
    "a number": {"token_endpoint": 7},
    "a script": {"authorization_endpoint": "javascript:alert(1)"},
    "a user in it": {"token_endpoint": "https://a:b@auth.acme.example/token"},
}


@pytest.mark.parametrize("kind", BAD)
def test_metadata_that_cannot_be_used_says_why_and_what_to_do(settings_from, server, kind) -> None:
    bad = BAD[kind]
    if isinstance(bad, Answer):
        server.published[OAUTH] = bad
    elif bad is not None:
        server.publish(**bad)
    with pytest.raises(NotAcquired) as refused:
        settings_from()
    assert refused.value.reason in (Reason.NO_METADATA, Reason.OTHER_ISSUER)
    assert "issuer" in refused.value.detail


def test_an_endpoint_is_never_less_protected_than_its_issuer() -> None:
    with pytest.raises(NotAcquired, match="no address"):
        metadata._endpoint(
            {"token_endpoint": "http://auth.acme.example/token"},
            "token_endpoint",
            "https://auth.acme.example",
        )


def test_a_metadata_server_that_is_away_is_asked_again_later(by_issuer, call, server) -> None:
    server.published[OAUTH] = Answer(503)
    by_issuer()
    reply, problem = call()
    assert (reply.status, problem["reason"], problem["retryable"]) == (502, "unavailable", True)


def test_what_was_said_last_is_used_for_a_day_while_the_server_is_away(
    settings_from, server, fake_clock
) -> None:
    server.publish()
    settings_from()
    server.published[OAUTH] = Answer(503)
    fake_clock.advance(metadata.FRESH_SECONDS + 1)
    assert settings_from().token_url == server.token_url
    assert settings_from().token_url == server.token_url
    assert server.counts["metadata"] == 2, "after a failure it is left alone for a while"
    fake_clock.advance(metadata.STALE_SECONDS)
    with pytest.raises(NotAcquired):
        settings_from()


def test_a_server_that_moved_is_noticed_within_the_hour(settings_from, server, fake_clock) -> None:
    server.publish()
    settings_from()
    server.publish(token_endpoint=f"{server.url}/new/token")
    assert settings_from().token_url == server.token_url
    fake_clock.advance(metadata.FRESH_SECONDS + 1)
    assert settings_from().token_url == f"{server.url}/new/token"


def test_a_forbidden_address_in_the_metadata_is_not_called(by_issuer, call, server) -> None:
    server.publish(token_endpoint="http://10.0.0.1/token")
    by_issuer()
    reply, problem = call()
    assert (reply.status, problem["code"]) == (403, "TARGET_FORBIDDEN")


def test_an_issuer_from_the_config_must_be_allowed(settings_from, server) -> None:
    with pytest.raises(NotAcquired) as refused:
        settings_from(
            {"login": "127.0.0.1", "base_url": "https://api.acme.example"},
            issuer=server.url.replace("127.0.0.1", "{login}"),
        )
    assert refused.value.reason == Reason.FORBIDDEN_ADDRESS
    assert server.counts["metadata"] == 0


def test_an_issuer_from_the_config_cannot_send_the_client_elsewhere(settings_from, server) -> None:
    thief = AuthorizationServer().start()
    server.publish(token_endpoint=thief.token_url.replace("127.0.0.1", "localhost"))
    issuer = server.url.replace("127.0.0.1", "{login}")
    with pytest.raises(NotAcquired) as refused:
        settings_from({"login": "127.0.0.1"}, issuer=issuer)
    thief.stop()
    assert refused.value.reason == Reason.FORBIDDEN_ADDRESS
    assert settings_from().hosts == ("localhost",), "the definition's own issuer may"


def test_a_server_that_takes_the_secret_in_the_form_alone_gets_it_there(
    by_issuer, call, server
) -> None:
    server.add_client("hub", secret=SECRET, method="client_secret_post")
    server.publish(token_endpoint_auth_methods_supported=["client_secret_post", "none"])
    by_issuer()
    assert call()[0].status == 200


def test_a_client_with_a_certificate_asks_at_the_endpoint_for_those(settings_from, server) -> None:
    server.publish(mtls_endpoint_aliases={"token_endpoint": f"{server.url}/mtls/token"})
    assert settings_from().token_url == server.token_url
    assert settings_from(client_auth="tls_client_auth").token_url == f"{server.url}/mtls/token"


@pytest.fixture
def people(connect, consent):
    """An instance that people connect, by an entry that names no address but the issuer's."""

    def make(**changes):
        consent.publish(**changes)
        auth = entry(consent)
        del auth["authorization_url"], auth["token_url"]
        return connect("shop", auth=[auth])

    return make


def connected(api, consent, **answer):
    token = api("credentials")
    started = token.post(f"{HOME}/start", CLIENT, format="json").json()
    back = consent.consent(started["authorization_url"]) | answer
    given = {name: value for name, value in back.items() if value is not None}
    return token.post(f"{HOME}/callback", given, format="json"), started


def test_a_person_is_sent_where_the_issuer_says_and_comes_back_connected(
    people, consent, api
) -> None:
    people(authorization_response_iss_parameter_supported=True)
    answer, started = connected(api, consent)
    assert answer.status_code == 200, answer.content
    assert query_of(started["authorization_url"])["code_challenge_method"] == "S256"
    assert consent.counts["metadata"] == 1


@pytest.mark.parametrize(
    ("promised", "iss", "status"),
    [(True, None, 400), (None, None, 200), (None, "https://evil.example", 400)],
)
def test_the_answer_names_the_issuer_where_its_metadata_promises_that(
    people, consent, api, promised, iss, status
) -> None:
    people(authorization_response_iss_parameter_supported=promised)
    assert connected(api, consent, iss=iss)[0].status_code == status


def test_a_start_whose_issuer_cannot_be_used_says_so(people, api) -> None:
    people(issuer="https://other.example")
    answer = api("credentials").post(f"{HOME}/start", CLIENT, format="json")
    assert answer.status_code == 400, answer.content
    assert "another issuer" in answer.json()["detail"]


def test_an_issuer_with_a_query_is_refused_in_the_definition() -> None:
    (fault,) = schemes.get("oauth2").check_options({"issuer": "https://a.example/?tenant=1"})
    assert fault.pointer == "/issuer"


def test_the_stored_credential_of_an_issuer_is_renewed_too(by_issuer, call, server) -> None:
    server.publish()
    ended = {"access_token": "at-old", "expires_at": "2020-01-01T00:00:00Z"}
    by_issuer({**ended, "refresh_token": server.grant()}, grant="refresh_token")
    assert call()[0].status == 200

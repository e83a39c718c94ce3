"""The first door for libraries that use requests: same policy, deadline, caps and redirects."""

from __future__ import annotations

import json

import pytest
import requests

from integration_hub.egress.door import Deadline, TlsOptions
from integration_hub.egress.session import session
from integration_hub.lib.errors import (
    ConnectionFailed,
    ResponseTooLarge,
    TargetForbidden,
    TimedOut,
    ValidationFailed,
)
from tests.egress.conftest import OK, Peer


@pytest.fixture
def opened():
    with session(deadline=Deadline(5)) as made:
        yield made


def test_it_is_a_requests_session(opened, upstream):
    answer = opened.post(f"{upstream.url}/token", data={"grant_type": "x"}, auth=("id", "pw"))
    assert isinstance(opened, requests.Session)
    assert answer.status_code == 200
    assert answer.json()["body"] == "grant_type=x"
    [hit] = upstream.hits
    assert hit["headers"]["authorization"] == "Basic aWQ6cHc="
    assert hit["headers"]["content-type"] == "application/x-www-form-urlencoded"
    assert hit["headers"]["user-agent"] == "integration-hub"
    assert hit["headers"]["accept-encoding"] == "gzip, deflate"


def test_json_xml_and_streams_are_read_as_with_requests(opened, upstream):
    assert opened.post(f"{upstream.url}/x", json={"a": 1}).json()["json"] == {"a": 1}
    assert opened.get(f"{upstream.url}/text").text == "grüße"
    streamed = opened.get(f"{upstream.url}/xml", stream=True)
    assert b"".join(streamed.iter_content(7)) == streamed.content
    assert opened.get(f"{upstream.url}/xml", stream=True).raw.read().startswith(b"<?xml")
    with pytest.raises(requests.HTTPError):
        opened.get(f"{upstream.url}/status/503").raise_for_status()


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "internal.example"])
def test_the_policy_holds(settings, names, connects, opened, host):
    settings.HUB_OUTBOUND_ALLOW = []
    names["internal.example"] = ["127.0.0.1"]
    with pytest.raises(TargetForbidden):
        opened.get(f"http://{host}/")
    assert connects == []


def test_a_redirect_is_the_answer_unless_it_was_allowed(opened, upstream):
    url = f"{upstream.url}/redirect?to={upstream.url}/echo"
    assert opened.get(url, allow_redirects=True).status_code == 302
    with session(deadline=Deadline(5), redirects=1) as following:
        assert following.get(url).status_code == 200


def test_a_credential_stays_with_its_origin(upstream):
    elsewhere = upstream.url.replace("127.0.0.1", "localhost")
    with session(deadline=Deadline(5), redirects=1) as following:
        following.get(f"{upstream.url}/redirect?to={elsewhere}/echo", auth=("id", "pw"))
    first, second = upstream.hits
    assert "authorization" in first["headers"]
    assert "authorization" not in second["headers"]


def test_a_redirect_to_a_forbidden_address_is_refused(upstream, connects):
    metadata = "http://169.254.169.254/latest/meta-data/"
    with session(deadline=Deadline(5), redirects=3) as made, pytest.raises(TargetForbidden):
        made.get(f"{upstream.url}/redirect?to={metadata}")
    assert {end[0] for end in connects} <= {"127.0.0.1"}


def test_the_environment_and_the_library_decide_nothing(opened, upstream, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    proxies = {"http": "http://127.0.0.1:9"}
    assert opened.get(f"{upstream.url}/a", proxies=proxies, timeout=0.000001).status_code == 200
    assert "authorization" not in upstream.hits[0]["headers"]


def test_cookies_do_not_travel_on(opened, serve):
    heard = []

    def handler(peer: Peer) -> None:
        while raw := peer.request():
            heard.append(raw)
            peer.say(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=1\r\n\r\n"))

    server = serve(handler)
    for _ in range(2):
        opened.get(server.url)
    assert len(heard) == 2
    assert b"cookie" not in heard[1].lower()


def test_deadline_cap_and_lost_connections_raise_the_hubs_errors(upstream):
    with session(deadline=Deadline(0.3)) as short, pytest.raises(TimedOut):
        short.get(f"{upstream.url}/hang", timeout=60)
    with session(deadline=Deadline(5), max_bytes=1000) as small, pytest.raises(ResponseTooLarge):
        small.get(f"{upstream.url}/big/65536")
    with session(deadline=Deadline(5)) as made, pytest.raises(ConnectionFailed):
        made.get(f"{upstream.url}/half")


def test_verification_is_not_the_librarys_to_switch_off(opened, authority, secure):
    server = secure(authority.context("127.0.0.1", self_signed=True), Peer.request)
    with pytest.raises(ValidationFailed, match="verification"):
        opened.get(server.url, verify=False)
    with pytest.raises(ConnectionFailed, match="certificate"):
        opened.get(server.url, verify=True)


def test_the_authority_of_an_instance_is_trusted(authority, secure):
    def polite(peer: Peer) -> None:
        while peer.request():
            peer.say(OK)

    server = secure(authority.context("127.0.0.1"), polite)
    with session(deadline=Deadline(5), tls=TlsOptions(authorities=authority.pem)) as made:
        assert made.get(server.url).text == "ok"


def test_a_file_is_not_sent_piece_by_piece(opened, upstream, tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"x")
    with path.open("rb") as file, pytest.raises(ValidationFailed):
        opened.post(upstream.url, data=file)
    assert upstream.hits == []


def test_an_upload_is_sent_whole(opened, upstream):
    opened.post(upstream.url, files={"f": ("a.txt", b"hello")})
    [hit] = upstream.hits
    assert "hello" in json.dumps(hit["body"])

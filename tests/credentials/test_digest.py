"""Digest: the RFC's own examples, and servers that check it by the standard library."""

from __future__ import annotations

import hashlib
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.request import parse_http_list, parse_keqv_list

import pytest

from credentials.challenges import challenges_of
from credentials.digesting import Session, session_for
from credentials.scheme import schemes
from integration_hub.egress.door import HttpAnswer, HttpRequest
from tests.credentials.verifying import Received, Said

USER, PASSWORD, REALM = "Mufasa", "Circle of Life", "http-auth@example.org"
DATA = {"username": USER, "password": PASSWORD}
AUTH = {"type": "digest"}


class Guard:
    """Asks for Digest and checks it; `nonces` says for how many requests each is good."""

    def __init__(self, *, uses: int = 1_000, stale: bool = True, **said: str) -> None:
        self.said, self.uses, self.stale = said, uses, stale
        self.made = itertools.count(1)
        self.seen: dict[str, set[str]] = {}
        self.lock = threading.Lock()

    def __call__(self, request: Received) -> Said:
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme != "Digest":
            return self.ask()
        given = parse_keqv_list(parse_http_list(rest))
        with self.lock:
            counts = self.seen[given["nonce"]]
            if given.get("nc", "") in counts or len(counts) >= self.uses:
                return self.ask(stale="true") if self.stale else self.ask()
            counts.add(given.get("nc", str(len(counts))))
        return Said() if self.right(given, request) else self.ask()

    def ask(self, **more: str) -> Said:
        nonce = f"nonce {next(self.made)}"
        self.seen[nonce] = set()
        said = {"realm": REALM, "nonce": nonce, "opaque": "o", **self.said, **more}
        listed = ", ".join(f'{name}="{value}"' for name, value in said.items())
        return Said(401, {"WWW-Authenticate": f"Digest {listed}"}, b"{}")

    def right(self, given: dict[str, str], request: Received) -> bool:
        name = self.said.get("algorithm", "MD5").lower().removesuffix("-sess")
        make = {"md5": hashlib.md5, "sha-256": hashlib.sha256}[name]

        def h(*parts: str) -> str:
            return make(":".join(parts).encode()).hexdigest()

        first = h(USER, REALM, PASSWORD)
        if self.said.get("algorithm", "").lower().endswith("-sess"):
            first = h(first, given["nonce"], given["cnonce"])
        second = [request.method, request.target]
        if given.get("qop") == "auth-int":
            second.append(make(request.body).hexdigest())
        counted = [given["nc"], given["cnonce"], given["qop"]] if "qop" in given else []
        user = h(USER, REALM) if self.said.get("userhash") else USER
        return (
            given["username"] == user
            and given["opaque"] == "o"
            and given["response"] == h(first, given["nonce"], *counted, h(*second))
        )


def rfc_session(algorithm: str) -> Session:
    return Session(
        realm=REALM,
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        algorithm=algorithm,
        qop="auth",
        opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_rfc_7616_section_3_9_1(algorithm: str, response: str) -> None:
    header, found = rfc_session(algorithm).header("GET", "/dir/index.html", b"", USER, PASSWORD)
    assert found == response
    assert header.startswith(f'Digest username="{USER}", realm="{REALM}", uri="/dir/index.html"')
    assert f"algorithm={algorithm}," in header
    assert "nc=00000001," in header


def test_a_user_name_that_is_not_ascii_is_written_as_the_rfc_says() -> None:
    session = Session(realm=REALM, nonce="n", utf8=True)
    header, _ = session.header("GET", "/", b"", "Jäsøn Doe", "Secret, or not?")
    assert header.startswith("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm=")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said",
    [
        {"qop": "auth"},
        {"qop": "auth", "algorithm": "MD5"},
        {"qop": "auth, auth-int", "algorithm": "SHA-256"},
        {"qop": "auth-int", "algorithm": "SHA-256"},
        {"qop": "auth", "algorithm": "MD5-sess"},
        {"qop": "auth-int", "algorithm": "SHA-256-sess"},
        {"qop": "auth", "algorithm": "SHA-256", "userhash": "true"},
        {},
    ],
)
def test_a_server_that_checks_accepts_every_kind_with_one_extra_request(
    said, verifier, through
) -> None:
    server = verifier(Guard(**said))
    call = through(server.url, AUTH, DATA)
    statuses = [call()[0], call("find", {"id": "a/b", "q": "x y"})[0], call("create", {"n": 1})[0]]
    assert statuses == [200, 200, 200]
    assert [request.path for request in server.received] == [
        "/status", "/status", "/items/a%2Fb", "/items",
    ]  # fmt: skip
    assert [b"n" in request.body for request in server.received] == [False, False, False, True]


@pytest.mark.django_db
@pytest.mark.parametrize("stale", [True, False])
def test_an_old_nonce_costs_one_more_request_and_no_error(stale, verifier, through) -> None:
    server = verifier(Guard(qop="auth", uses=2, stale=stale))
    call = through(server.url, AUTH, DATA)
    assert [call("create", {"n": n})[0] for n in range(5)] == [200] * 5
    assert len(server.received) == 5 + 3


@pytest.mark.django_db
def test_a_wrong_password_ends_after_one_answer_and_is_an_auth_error(verifier, through) -> None:
    server = verifier(Guard(qop="auth"))
    status, problem = through(server.url, AUTH, {"username": USER, "password": "wrong-password"})()
    assert (status, problem["code"]) == (502, "AUTH_ERROR")
    assert len(server.received) == 2


def test_the_same_nonce_refused_again_is_not_asked_again() -> None:
    said = {"www-authenticate": f'Digest realm="r", nonce="{id(object())}", qop="auth"'}
    request = HttpRequest("GET", "https://h.example/once")
    digest = schemes.get("digest")
    first = digest.apply(request, data=DATA, options={})
    again = first.answer_challenge(HttpAnswer(401, said, b"", first.request))
    assert again.request.headers["Authorization"].startswith("Digest ")
    later = digest.apply(request, data=DATA, options={})
    assert "nc=00000002" in later.request.headers["Authorization"]
    assert later.answer_challenge(HttpAnswer(401, said, b"", later.request)) is None
    stale = {"www-authenticate": said["www-authenticate"] + ", stale=TRUE"}
    assert later.answer_challenge(HttpAnswer(401, stale, b"", later.request)) is not None


def test_threads_share_a_nonce_and_never_a_count() -> None:
    session = rfc_session("SHA-256")

    def counts(_: int) -> list[str]:
        headers = (session.header("GET", "/", b"", USER, PASSWORD)[0] for _ in range(500))
        return [header.partition("nc=")[2][:8] for header in headers]

    with ThreadPoolExecutor(8) as pool:
        found = [count for each in pool.map(counts, range(8)) for count in each]
    assert len(set(found)) == len(found) == 4_000


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic realm=x",
        "Digest",
        'Digest realm="r"',
        'Digest realm="r", nonce="n", algorithm=SHA-1',
        'Digest realm="r", nonce="n", qop="none-of-ours"',
        'Digest realm="open, nonce="n',
        '=,=,"',
        "Negotiate abc==",
    ],
)
def test_a_challenge_that_cannot_be_met_is_left_alone(header: str) -> None:
    assert session_for(challenges_of(header)) is None


def test_the_first_challenge_that_can_be_met_is() -> None:
    header = (
        'Negotiate, Digest realm="a", nonce="1", algorithm=X, '
        'Digest realm="say \\"hi\\"", nonce="2", algorithm=SHA-256, qop="auth-int,auth", '
        'Digest realm="c", nonce="3"'
    )
    found = session_for(challenges_of(header))
    assert (found.realm, found.nonce, found.qop) == ('say "hi"', "2", "auth")
    header, _ = found.header("GET", "/", b"", "u", "p")
    assert 'realm="say \\"hi\\""' in header

"""Signature Version 4: AWS's own test suite, and a server that computes it by itself."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote

import pytest

from credentials.scheme import schemes
from credentials.sigv4 import UNSIGNED, SigV4, with_plain_spaces
from integration_hub.egress.door import HttpRequest
from integration_hub.lib.errors import InstanceNotReady
from tests.credentials.verifying import Received, Said

ROOT = Path(__file__).resolve().parents[2]
SUITE = ROOT.parent / "shared" / "data" / "sigv4" / "v4"
CASES = sorted(path.name for path in SUITE.iterdir()) if SUITE.is_dir() else []
KEY, SECRET, TOKEN = "AKIDEXAMPLEOFTHEHUB1", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY", "session-token-1"
DATA = {"access_key_id": KEY, "secret_access_key": SECRET}


@pytest.mark.skipif(
    not CASES, reason=f"AWS's test suite is not at {SUITE.relative_to(ROOT.parent)}"
)
def test_the_suite_of_aws_is_whole() -> None:
    assert len(CASES) == 38


@pytest.mark.parametrize("case", CASES)
def test_each_case_of_the_suite_of_aws(case: str) -> None:
    read = {path.name: path.read_text() for path in (SUITE / case).iterdir()}
    context = json.loads(read["context.json"])
    keys = context["credentials"]
    signer = SigV4(
        context["region"],
        context["service"],
        as_it_is=not context["normalize"],
        content_sha256=context["sign_body"],
    )
    omitted = context.get("omit_session_token", False)
    request = as_request(read["request.txt"])
    signed, signature = signer.sign(
        request,
        access_key_id=keys["access_key_id"],
        secret_access_key=keys["secret_access_key"],
        session_token="" if omitted else keys.get("token", ""),
        now=datetime.fromisoformat(context["timestamp"]).astimezone(UTC),
    )
    payload = hashlib.sha256(request.body or b"").hexdigest()
    canonical, _ = signer.canonical(signed, payload)
    assert canonical == read["header-canonical-request.txt"]
    assert signature == read["header-signature.txt"].strip()
    told = re.search(r"^Authorization:(.*)$", read["header-signed-request.txt"], re.MULTILINE)
    assert signed.headers["Authorization"] == told[1].strip()


def as_request(text: str) -> HttpRequest:
    """A repeated header is one with commas, a folded one is one line: as egress has them."""
    head, _, body = text.partition("\n\n")
    first, *lines = re.sub(r"\n[ \t]+", " ", head).split("\n")
    method, target = re.fullmatch(r"(\S+) (.*) HTTP/1.1", first).groups()
    headers: dict[str, str] = {}
    for name, _, value in (line.partition(":") for line in lines if line):
        before = headers.get(name)
        headers[name] = value.strip() if before is None else f"{before},{value.strip()}"
    host = headers.pop("Host")
    return HttpRequest(method, f"https://{host}{target}", headers, body.encode() or None)


class Service:
    """Computes the signature of what arrived, from AWS's description alone."""

    def __init__(self, service: str = "execute-api", token: str = "") -> None:
        self.service, self.token, self.found = service, token, ""

    def __call__(self, request: Received) -> Said:
        told = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
            request.headers.get("authorization", ""),
        )
        if told is None or request.headers.get("x-amz-security-token", "") != self.token:
            return Said(403, body=b'{"message": "no signature"}')
        day = request.headers["x-amz-date"][:8]
        scope = f"{day}/eu-central-1/{self.service}/aws4_request"
        names = told[2].split(";")
        must = {"host", "x-amz-date"} | ({"x-amz-security-token"} if self.token else set())
        self.found = self.payload(request)
        text = "\n".join(
            [
                request.method,
                self.path(request.path),
                self.query(request.query),
                *(f"{name}:{request.headers[name]}" for name in names),
                "",
                told[2],
                self.found,
            ]
        )
        digest = hashlib.sha256(text.encode()).hexdigest()
        key = b"AWS4" + SECRET.encode()
        for part in (*scope.split("/"), None):
            if part is not None:
                key = hmac.new(key, part.encode(), "sha256").digest()
        stamp = request.headers["x-amz-date"]
        wanted = hmac.new(
            key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}".encode(), "sha256"
        ).hexdigest()
        good = told[1] == f"{KEY}/{scope}" and must <= set(names) and told[3] == wanted
        return Said() if good else Said(403, body=b'{"message": "other signature"}')

    def payload(self, request: Received) -> str:
        said = request.headers.get("x-amz-content-sha256")
        if said == UNSIGNED:
            return said
        actual = hashlib.sha256(request.body).hexdigest()
        assert said in (None, actual)
        assert said or self.service != "s3"
        return actual

    def path(self, path: str) -> str:
        """S3 encodes the key that the path means, all others the path itself."""
        return quote(unquote(path) if self.service == "s3" else path, safe="/-_.~")

    @staticmethod
    def query(query: str) -> str:
        pairs = parse_qsl(query, keep_blank_values=True)
        return "&".join(
            sorted(f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}" for n, v in pairs)
        )


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", TOKEN])
@pytest.mark.parametrize("service", ["execute-api", "s3"])
def test_a_server_that_computes_it_accepts_every_request(service, token, verifier, through) -> None:
    server = verifier(Service(service, token))
    data = DATA | ({"session_token": token} if token else {})
    config = {"region": "eu-central-1", "service": service}
    call = through(server.url, {"type": "aws_sigv4"}, data, config=config)
    assert call()[0] == 200
    assert call("find", {"id": "a b/ü+%", "z": "1", "a": "x y+&=~*"})[0] == 200
    assert call("create", {"name": "ü"})[0] == 200
    assert [request.path for request in server.received] == [
        "/status", "/items/a%20b%2F%C3%BC%2B%25", "/items",
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_wrong_secret_is_refused_by_that_server(verifier, through) -> None:
    server = verifier(Service())
    auth = {"type": "aws_sigv4", "region": "eu-central-1", "service": "execute-api"}
    status, problem = through(server.url, auth, DATA | {"secret_access_key": "another-secret"})()
    assert (status, problem["code"], len(server.received)) == (502, "AUTH_ERROR", 1)


def test_the_definition_wins_over_the_config_and_one_of_them_must_say_it() -> None:
    scheme = schemes.get("aws_sigv4")
    config = {"region": "eu-west-1", "service": "sqs"}
    assert dict(scheme.options_for({"service": "s3"}, config)) == {
        "region": "eu-west-1",
        "service": "s3",
    }
    for wrong in ({}, {"region": "eu-west-1"}, {**config, "region": "eu west"}, {"region": 1}):
        with pytest.raises(InstanceNotReady, match="config"):
            scheme.options_for({}, wrong)


def test_the_body_of_s3_may_be_left_out_over_https_alone() -> None:
    options = {"region": "eu-west-1", "service": "s3", "unsigned_payload": True}
    sent = [
        schemes.get("aws_sigv4")
        .apply(HttpRequest("PUT", f"{kind}://h.example/k", {}, b"x"), data=DATA, options=options)
        .request.headers["X-Amz-Content-Sha256"]
        for kind in ("https", "http")
    ]
    assert sent == [UNSIGNED, hashlib.sha256(b"x").hexdigest()]


def test_s3_takes_a_key_as_it_is_and_others_normalised() -> None:
    s3, other = SigV4.of({"region": "r", "service": "s3"}), SigV4("r", "sqs")
    assert (s3.path("/a//../b%20c"), other.path("/a//../b%20c")) == ("/a//../b%20c", "/b%2520c")
    assert (s3.path(""), other.path("/..")) == ("/", "/")


def test_a_plus_of_the_query_is_sent_as_the_space_that_it_means() -> None:
    request = with_plain_spaces(HttpRequest("GET", "https://h.example/a+b?q=c+d&r=%2B"))
    assert request.url == "https://h.example/a+b?q=c%20d&r=%2B"


def test_headers_of_a_forged_signature_are_replaced() -> None:
    forged = {"authorization": "x", "x-amz-date": "y", "X-AMZ-SECURITY-TOKEN": "z"}
    options = {"region": "r", "service": "sqs"}
    request = HttpRequest("GET", "https://h.example/", forged)
    signed = schemes.get("aws_sigv4").apply(request, data=DATA, options=options)
    assert sorted(signed.request.headers) == ["Authorization", "X-Amz-Date"]
    assert signed.secrets[0] == SECRET
    assert signed.secrets[-1] in signed.request.headers["Authorization"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"access_key_id": "AK/ID"}, "/access_key_id"),
        ({"secret_access_key": "a\nb"}, "/secret_access_key"),
        ({"session_token": " t"}, "/session_token"),
    ],
)
def test_what_cannot_be_a_key_is_refused(change, pointer) -> None:
    faults = list(schemes.get("aws_sigv4").check_data(DATA | change, {}))
    assert [fault.pointer for fault in faults] == [pointer]
    assert unquote(next(iter(change.values()))) not in faults[0].detail

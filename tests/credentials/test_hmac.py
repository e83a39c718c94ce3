"""A signature declared in the definition, checked by servers with the standard library."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

import pytest

from credentials.scheme import schemes
from integration_hub.egress.door import HttpRequest
from integration_hub.lib.errors import InstanceNotReady
from tests.credentials.verifying import Received, Said

HMAC = schemes.get("hmac")
SECRET = "the-secret-of-the-hub"
DATA = {"key_id": "hub-1", "secret": SECRET}
REFUSED = Said(401, body=b"{}")


def mac(text: str | bytes, algorithm: str = "sha256", key: bytes = SECRET.encode()) -> bytes:
    return hmac.new(key, text if isinstance(text, bytes) else text.encode(), algorithm).digest()


def plain(request: Received) -> bool:
    """`METHOD\npath\nquery\nsha256(body)` in hexadecimal."""
    body = hashlib.sha256(request.body).hexdigest()
    text = f"{request.method}\n{request.path}\n{request.query}\n{body}"
    return request.headers["x-signature"] == "v1=" + mac(text).hex()


PLAIN = {
    "type": "hmac",
    "template": "{method}\n{path}\n{query}\n{body_sha256}",
    "header": "X-Signature",
    "prefix": "v1=",
}


def dated(request: Received) -> bool:
    """Time, nonce and key in headers of their own; the body itself is signed, in base64."""
    said = request.headers
    text = f"{said['x-time']}.{said['x-nonce']}.".encode() + request.body
    fresh = abs(datetime.now().astimezone().timestamp() - int(said["x-time"])) < 60
    right = base64.b64encode(mac(text, "sha512")).decode()
    return fresh and said["authorization"] == f"HMAC hub-1:{right}" and len(said["x-nonce"]) == 32


DATED = {
    "type": "hmac",
    "template": "{timestamp}.{nonce}.{body}",
    "algorithm": "sha512",
    "encoding": "base64",
    "headers": {
        "X-Time": "{timestamp}",
        "X-Nonce": "{nonce}",
        "Authorization": "HMAC {key_id}:{signature}",
    },
}


def of_headers(request: Received) -> bool:
    """Headers as they arrive, the host and the tenant of the config among them."""
    said = request.headers
    day = datetime.strptime(said["date"], "%a, %d %b %Y %H:%M:%S GMT")  # noqa: DTZ007 - it is GMT
    md5 = base64.b64encode(hashlib.md5(request.body).digest()).decode()  # noqa: S324 - theirs
    lines = [said["host"], said["date"], said.get("content-type", ""), said["content-md5"], "t-7"]
    right = mac("\n".join([*lines, request.target]), "sha1", bytes.fromhex("00ff10"))
    return said["content-md5"] == md5 and day.year > 2000 and said["x-sign"] == right.hex()


OF_HEADERS = {
    "type": "hmac",
    "template": "{host}\n{header.date}\n{header.Content-Type}\n{body_md5_base64}\n"
    "{config.tenant}\n{target}",
    "algorithm": "sha1",
    "header": "X-Sign",
    "headers": {"Date": "{http_date}", "Content-MD5": "{body_md5_base64}"},
    "secret_encoding": "hex",
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("auth", "judge", "data"),
    [(PLAIN, plain, DATA), (DATED, dated, DATA), (OF_HEADERS, of_headers, {"secret": "00ff10"})],
    ids=["plain", "dated", "of headers"],
)
def test_a_server_that_computes_it_accepts_every_request(
    auth, judge, data, verifier, through
) -> None:
    server = verifier(lambda request: Said() if judge(request) else REFUSED)
    call = through(server.url, auth, data, config={"tenant": "t-7"})
    assert call()[0] == 200
    assert call("find", {"id": "a b/ü", "z": "1", "a": "x+y&="})[0] == 200
    assert call("create", {"name": "ü", "n": 1})[0] == 200
    assert len(server.received) == 3


@pytest.mark.django_db
def test_a_wrong_secret_is_refused_by_that_server(verifier, through) -> None:
    server = verifier(lambda request: Said() if plain(request) else REFUSED)
    status, problem = through(server.url, PLAIN, DATA | {"secret": "another-secret"})()
    assert (status, problem["code"]) == (502, "AUTH_ERROR")


def test_a_body_that_is_no_text_is_signed_byte_for_byte() -> None:
    options = {"template": "{body}|{{{body_digest}}}", "header": "X-S", "encoding": "base64"}
    request = HttpRequest("POST", "https://h.example/", {}, b"\xff\x00\xfe")
    signed = HMAC.apply(request, data=DATA, options=options)
    digest = base64.b64encode(hashlib.sha256(b"\xff\x00\xfe").digest())
    right = base64.b64encode(mac(b"\xff\x00\xfe|{" + digest + b"}")).decode()
    assert signed.request.headers["X-S"] == right
    assert signed.secrets == (SECRET, right)


def test_two_requests_never_share_a_nonce_and_one_request_has_one() -> None:
    options = {"template": "{nonce}", "headers": {"X-N": "{nonce}", "X-S": "{signature}"}}
    request = HttpRequest("GET", "https://h.example/")
    sent = [HMAC.apply(request, data=DATA, options=options).request.headers for _ in range(2)]
    assert sent[0]["X-N"] != sent[1]["X-N"]
    assert [headers["X-S"] == mac(headers["X-N"]).hex() for headers in sent] == [True, True]


@pytest.mark.parametrize("written", ["aGVsbG8td29ybGQ_", "aGVsbG8td29ybGQ/", "-_-_"])
def test_a_secret_may_be_written_in_either_base64(written: str) -> None:
    options = {"template": "x", "header": "X-S", "secret_encoding": "base64"}
    data = {"secret": written}
    assert not list(HMAC.check_data(data, options))
    key = base64.b64decode(written.replace("-", "+").replace("_", "/"))
    signed = HMAC.apply(HttpRequest("GET", "https://h.example/"), data=data, options=options)
    assert signed.request.headers["X-S"] == mac("x", key=key).hex()


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"template": "{methd}"}, "/template"),
        ({"template": "{method"}, "/template"),
        ({"template": "{signature}"}, "/template"),
        ({"template": "{header.}"}, "/template"),
        ({"header": "bad name"}, "/header"),
        ({"header": "Content-Length"}, "/header"),
        ({"prefix": "a\nb"}, "/prefix"),
        ({"headers": {"X-B": "{body}"}}, "/headers/X-B"),
        ({"headers": {"X B": "x"}}, "/headers/X B"),
        ({"headers": {"Host": "x"}}, "/headers/Host"),
        ({"headers": {"X-L": "a\r\nb"}}, "/headers/X-L"),
        ({"header": ""}, "/header"),
    ],
)
def test_each_fault_of_the_declaration_is_named(options, pointer) -> None:
    faults = list(HMAC.check_options({"template": "x", "header": "X-S"} | options))
    assert [fault.pointer for fault in faults] == [pointer]


@pytest.mark.parametrize(
    ("data", "options", "pointer"),
    [
        ({"secret": SECRET}, {"template": "{key_id}"}, "/key_id"),
        ({"secret": SECRET}, {"headers": {"X-K": "{key_id}"}}, "/key_id"),
        ({"secret": SECRET, "key_id": "a\nb"}, {}, "/key_id"),
        ({"secret": "canary!"}, {"secret_encoding": "base64"}, "/secret"),
        ({"secret": "canary"}, {"secret_encoding": "hex"}, "/secret"),
    ],
)
def test_data_that_the_declaration_cannot_use_is_refused(data, options, pointer) -> None:
    (fault,) = HMAC.check_data(data, {"template": "x", "header": "X-S"} | options)
    assert fault.pointer == pointer
    assert data["secret"] not in fault.detail


def test_a_missing_member_of_the_config_is_named() -> None:
    with pytest.raises(InstanceNotReady, match=r"config\.tenant"):
        HMAC.options_for({"template": "{config.tenant}", "header": "X"}, {})

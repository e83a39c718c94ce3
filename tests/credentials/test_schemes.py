"""Each scheme puts its credential on a request, and refuses what cannot be sent."""

from __future__ import annotations

import pytest

from credentials.scheme import schemes
from integration_hub.egress.door import HttpRequest, Signed
from integration_hub.lib.errors import AuthFailed
from tests.credentials.samples import SAMPLES

REQUEST = HttpRequest(
    "GET", "https://h.example/p?a=1&key=old#f", {"accept": "*/*", "cookie": "a=b"}
)


def sign(kind: str, data, options=None, request=REQUEST):
    return schemes.get(kind).apply(request, data=data, options=options or {})


def test_none_changes_nothing() -> None:
    signed = sign("none", {})
    assert signed.request == REQUEST
    assert signed.secrets == ()


def test_bearer_is_rfc_6750() -> None:
    signed = sign("bearer", {"token": "t0ken"})
    assert signed.request.headers["Authorization"] == "Bearer t0ken"
    assert signed.secrets == ("t0ken",)
    assert "Authorization" not in REQUEST.headers


def test_basic_is_rfc_7617_with_its_own_examples() -> None:
    signed = sign("basic", {"username": "Aladdin", "password": "open sesame"})
    assert signed.request.headers["Authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert set(signed.secrets) == {"open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}
    utf8 = sign("basic", {"username": "test", "password": "123£"})
    assert utf8.request.headers["Authorization"] == "Basic dGVzdDoxMjPCow=="


def test_basic_without_a_password_masks_the_user_name() -> None:
    signed = sign("basic", {"username": "sk_live_123", "password": ""})
    assert "sk_live_123" in signed.secrets
    assert "" not in signed.secrets
    assert schemes.get("basic").hint({"username": "sk_live_123", "password": ""}) == ""


@pytest.mark.parametrize(
    ("options", "header", "value"),
    [
        ({"name": "X-Api-Key"}, "X-Api-Key", "k 1"),
        ({"in": "header", "name": "X-Api-Key"}, "X-Api-Key", "k 1"),
        ({"name": "Authorization", "prefix": "Token"}, "Authorization", "Token k 1"),
        ({"name": "Authorization", "prefix": "Token "}, "Authorization", "Token k 1"),
        ({"name": "Authorization", "prefix": "key="}, "Authorization", "key=k 1"),
        ({"in": "cookie", "name": "sid"}, "Cookie", "a=b; sid=k 1"),
        ({"in": "cookie", "name": "a"}, "Cookie", "a=k 1"),
    ],
)
def test_an_api_key_stands_where_the_definition_says(options, header, value) -> None:
    signed = sign("api_key", {"key": "k 1"}, options)
    assert signed.request.headers[header] == value
    assert signed.request.url == REQUEST.url
    assert signed.secrets == ("k 1",)


def test_an_api_key_in_the_query_is_encoded_and_wins_over_a_parameter() -> None:
    signed = sign("api_key", {"key": "a&b=c d#é"}, {"in": "query", "name": "key"})
    assert signed.request.url == "https://h.example/p?a=1&key=a%26b%3Dc%20d%23%C3%A9#f"
    bare = HttpRequest("GET", "https://h.example/p")
    assert sign("api_key", {"key": "k"}, {"in": "query", "name": "x y"}, bare).request.url == (
        "https://h.example/p?x%20y=k"
    )


def test_a_credential_replaces_a_header_of_the_same_name_in_any_case() -> None:
    request = HttpRequest("GET", "https://h.example/", {"authorization": "forged", "X": "1"})
    signed = sign("bearer", {"token": "t"}, request=request)
    assert dict(signed.request.headers) == {"X": "1", "Authorization": "Bearer t"}


@pytest.mark.parametrize(
    ("kind", "data", "options", "pointer"),
    [
        ("bearer", {"token": "a\r\nX-Evil: 1"}, {}, "/token"),
        ("bearer", {"token": "a\x00"}, {}, "/token"),
        ("bearer", {"token": "tök"}, {}, "/token"),
        ("bearer", {"token": " padded"}, {}, "/token"),
        ("bearer", {"token": "Bearer abc"}, {}, "/token"),
        ("bearer", {"token": "x" * 9_000}, {}, "/token"),
        ("api_key", {"key": "a\nb"}, {"name": "X"}, "/key"),
        ("api_key", {"key": "a;b"}, {"in": "cookie", "name": "X"}, "/key"),
        ("api_key", {"key": "a b"}, {"in": "cookie", "name": "X"}, "/key"),
        ("basic", {"username": "a:b", "password": "pass-word"}, {}, "/username"),
        ("basic", {"username": "user-name", "password": "x\ny"}, {}, "/password"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_quoting_it(kind, data, options, pointer) -> None:
    faults = list(schemes.get(kind).check_data(data, options))
    assert {fault.pointer for fault in faults} == {pointer}
    for value in data.values():
        assert value not in " ".join(fault.detail for fault in faults)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("bearer", {"token": "ABC-._~+/=="}),
        ("api_key", {"key": 'any visible: "text" ;,'}),
        ("basic", {"username": "ü", "password": "p:ä ß"}),
        ("basic", {"username": "key", "password": ""}),
    ],
)
def test_what_can_be_sent_is_accepted(kind, data) -> None:
    assert not list(schemes.get(kind).check_data(data, {"name": "X"}))


def test_hints_tell_keys_apart_and_give_nothing_of_short_ones() -> None:
    assert schemes.get("bearer").hint({"token": "x" * 20 + "abcd"}) == "***abcd"
    assert schemes.get("api_key").hint({"key": "short-key"}) == ""
    assert schemes.get("basic").hint({"username": "alice", "password": "p"}) == "al***"
    assert schemes.get("none").hint({}) == ""


def test_a_key_for_another_protocol_signs_no_http_request() -> None:
    with pytest.raises(AuthFailed) as refused:
        sign("ssh_key", SAMPLES["ssh_key"].data)
    assert not refused.value.sent


@pytest.mark.parametrize("name", sorted(set(schemes.names()) - {"ssh_key"}))
def test_every_scheme_declares_its_fields_once_and_tells_its_secrets(name: str) -> None:
    scheme, sample = schemes.get(name), SAMPLES[name]
    assert scheme.type == name
    assert scheme.title
    assert not list(scheme.check_options(sample.options))
    assert not list(scheme.check_data(sample.data, sample.options))
    own = {
        sample.data[field.name]
        for field in scheme.fields
        if field.secret and field.name in sample.data
    }
    assert own <= set(scheme.secrets(sample.data))
    options = scheme.options_for(sample.options, sample.config)
    request = HttpRequest("GET", "https://h.example/p?a=1")
    signed = scheme.apply(request, data=sample.data, options=options)
    assert own <= set(signed.secrets) | set(scheme.secrets(sample.data))
    hint = scheme.hint(sample.data)
    assert not [secret for secret in own if secret in hint]
    for shown in (repr(Signed(REQUEST, (), signed.answer_challenge)), repr(scheme)):
        assert not [secret for secret in own if secret in shown]


def test_there_is_a_sample_of_every_scheme() -> None:
    assert set(SAMPLES) == set(schemes.names())

"""The short way of the execute calls gives what the usual way gives."""

import pytest

EXECUTE = "/api/v1/instances/nowhere/methods/ping/execute"


def call(client, token, *, body=b"{}", content_type="application/json", **headers):
    headers = {"HTTP_AUTHORIZATION": f"Bearer {token}", **headers}
    return client.generic("POST", EXECUTE, body, content_type=content_type, **headers)


#: The same request, said so that it has to be weighed and goes the usual way.
USUAL = {"HTTP_ACCEPT": "application/json, */*;q=0.5"}


def same(one, other):
    varying = ("request_id",)
    return [
        (
            answer.status_code,
            {name: value for name, value in answer.json().items() if name not in varying},
            {name: answer.headers.get(name) for name in ("Content-Type", "WWW-Authenticate")},
        )
        for answer in (one, other)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [b"{}", b"{", b'{"a": NaN}', b'{"parameters": 1, "nonsense": 2}', b"[]", b"", b"\xff"],
)
def test_a_fault_of_the_body_reads_alike(client, make_token, body):
    token = make_token("execute")
    short, usual = same(call(client, token, body=body), call(client, token, body=body, **USUAL))
    assert short == usual


@pytest.mark.django_db
def test_a_bad_token_and_a_missing_scope_read_alike(client, make_token):
    for token in ("nonsense", make_token("read")):
        short, usual = same(call(client, token), call(client, token, **USUAL))
        assert short == usual
        assert short[0] in (401, 403)


@pytest.mark.django_db
def test_another_media_type_is_refused_as_everywhere(client, make_token):
    token = make_token("execute")
    assert call(client, token, content_type="text/plain").status_code == 415
    assert call(client, token, HTTP_ACCEPT="text/css").status_code == 406
    assert call(client, token, content_type="application/json; charset=utf-8").status_code == 404


@pytest.mark.django_db
def test_the_inbound_limit_holds_here_too(client, make_token, settings):
    settings.HUB_API_RATE = "2/h"
    token = make_token("execute")
    assert [call(client, token).status_code for _ in range(3)] == [404, 404, 429]

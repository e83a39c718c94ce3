"""The `http` adapter against a real external system."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from executor.http import sending as http_sending
from integration_hub.egress.door import Deadline, Signed, TlsOptions
from integration_hub.lib.errors import ConnectionFailed, TargetForbidden, TimedOut
from tests.executor.adapters.conftest import adapter, call, method

SECRET = "canary-5e1f"


def with_key(request):
    signed = replace(request, headers={**request.headers, "X-Api-Key": SECRET})
    return Signed(signed, (SECRET,))


def test_the_signed_request_reaches_the_external_system(upstream):
    spec = method("POST", "/echo/{id}", query={"q": "{q}"})
    parameters = {"id": "a/b", "q": "x", "email": "a@example.com"}
    answer = adapter.call(call(spec, parameters, base_url=f"{upstream.url}/v1", sign=with_key))
    [hit] = upstream.hits
    assert answer.status == 200
    assert answer.content_type.startswith("application/json")
    assert hit["path"] == "/v1/echo/a%2Fb"
    assert hit["query"] == {"q": "x"}
    assert hit["headers"]["x-api-key"] == SECRET
    assert json.loads(hit["body"]) == {"email": "a@example.com"}
    assert answer.exchange is not None
    assert answer.exchange.request.headers["X-Api-Key"] == SECRET
    assert json.loads(answer.content)["path"] == "/v1/echo/a%2Fb"


def test_the_preview_is_the_request_without_its_credential(upstream):
    spec = method("GET", "/echo")
    request = adapter.preview(call(spec, {"a": 1}, base_url=upstream.url, sign=with_key))
    assert request.url == f"{upstream.url}/echo?a=1"
    assert SECRET not in str(request)
    assert upstream.hits == []


@pytest.mark.parametrize("status", [204, 404, 503])
def test_any_status_is_an_answer(upstream, status):
    answer = adapter.call(call(method("GET", f"/status/{status}"), base_url=upstream.url))
    assert answer.status == status


def test_a_credential_goes_only_to_the_host_of_the_base_url(upstream):
    base = upstream.url.replace("127.0.0.1", "localhost")
    with pytest.raises(TargetForbidden, match="allowed_hosts"):
        adapter.call(call(method(), base_url=base, allowed_hosts=("*.acme.example",)))
    assert upstream.hits == []
    assert adapter.call(call(method(), base_url=base)).status == 200


def test_a_signer_cannot_send_the_request_elsewhere(upstream):
    def bent(request):
        return Signed(replace(request, url=request.url.replace("localhost", "127.0.0.1")))

    base = upstream.url.replace("127.0.0.1", "localhost")
    with pytest.raises(TargetForbidden):
        adapter.call(call(method(), base_url=base, sign=bent))
    assert upstream.hits == []


def test_a_redirect_is_followed_as_often_as_the_definition_says(upstream):
    spec = method("GET", "/redirect", query={"to": f"{upstream.url}/echo"})
    assert adapter.call(call(spec, base_url=upstream.url, sign=with_key)).status == 302
    answer = adapter.call(call(spec, base_url=upstream.url, sign=with_key, redirects=1))
    assert answer.status == 200
    assert [hit["headers"].get("x-api-key") for hit in upstream.hits] == [SECRET] * 3


def test_a_redirect_to_another_host_loses_the_credential(upstream):
    elsewhere = upstream.url.replace("127.0.0.1", "localhost")
    spec = method("GET", "/redirect", query={"to": f"{elsewhere}/echo"})
    answer = adapter.call(call(spec, base_url=upstream.url, sign=with_key, redirects=1))
    assert answer.status == 200
    assert [hit["headers"].get("x-api-key") for hit in upstream.hits] == [SECRET, None]


def test_a_forbidden_address_is_never_connected_to(upstream, settings):
    settings.HUB_OUTBOUND_ALLOW = []
    with pytest.raises(TargetForbidden):
        adapter.call(call(method(), base_url=upstream.url))
    assert upstream.hits == []


def test_the_deadline_of_the_attempt_holds(upstream):
    with pytest.raises(TimedOut) as caught:
        adapter.call(call(method("GET", "/hang"), base_url=upstream.url, deadline=Deadline(0.3)))
    assert caught.value.sent is True


@pytest.mark.parametrize("path", ["/reset", "/half"])
def test_a_broken_answer_was_sent(upstream, path):
    with pytest.raises(ConnectionFailed) as caught:
        adapter.call(call(method("GET", path), base_url=upstream.url))
    assert caught.value.sent is True
    assert len(upstream.hits) == 1


def test_a_second_call_reuses_the_connection(upstream):
    answers = [adapter.call(call(method(), base_url=upstream.url)) for _ in range(3)]
    assert [answer.exchange.reused for answer in answers if answer.exchange][1:] == [True, True]


def test_what_an_instance_says_of_tls_holds_at_its_own_origin_alone():
    said = TlsOptions(verify=False)
    given = call(method(), base_url="https://api.acme.example/v1", tls=said)
    assert http_sending._tls_for(given, "https://api.acme.example/v1/x?page=2") is said
    assert http_sending._tls_for(given, "https://api.acme.example:8443/x") is None
    assert http_sending._tls_for(given, "https://files.acme.example/x") is None
    plain = call(method(), base_url="https://api.acme.example/v1")
    assert http_sending._tls_for(plain, "https://api.acme.example/v1/x") is None

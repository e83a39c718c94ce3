"""HUB_API_RATE limits each owner, wherever it calls from."""

import pytest

from integration_hub.api.rate import parse_rate

pytestmark = pytest.mark.django_db


def test_without_a_rate_nothing_is_limited(api, sample):
    client = api("read")
    assert {client.get(f"{sample}/echo").status_code for _ in range(20)} == {200}


def test_an_owner_over_its_rate_waits_and_another_does_not(api, sample, settings, problem):
    settings.HUB_API_RATE = "3/h"
    greedy, other = api("read"), api("read")
    for _ in range(3):
        assert greedy.get(f"{sample}/echo").status_code == 200
    response = greedy.get(f"{sample}/echo", HTTP_X_FORWARDED_FOR="9.9.9.9")
    body = problem(response, 429, "RATE_LIMIT_EXCEEDED")
    assert body["retryable"] is True
    assert int(response["Retry-After"]) == body["retry_after"] > 0
    assert other.get(f"{sample}/echo").status_code == 200


def test_a_tenant_cannot_dodge_its_rate(api, make_token, sample, settings, fake_clock):
    """Twice its rate for 4 s, with many keys, forged addresses and names in any case."""
    settings.HUB_API_RATE = "100/s"
    contexts = [("client:42",), ("client:42", "user:7"), ("global", "client:42")]
    keys = [make_token("read", contexts=contexts[number % 3]) for number in range(9)]
    client, other, passed, last = api(), api("read", contexts=["client:7"]), 0, None
    for number in range(800):
        forged = f"10.0.{number % 250}.{number % 7}"
        word = ("Bearer", "bearer", "BEARER")[number % 3]
        answer = client.get(
            f"{sample}/echo",
            HTTP_AUTHORIZATION=f"{word} {keys[number % 9]}",
            REMOTE_ADDR=forged,
            **{("HTTP_X_FORWARDED_FOR", "HTTP_x_forwarded_for")[number % 2]: forged},
            HTTP_FORWARDED=f"for={forged}",
            HTTP_X_REAL_IP=forged,
        )
        assert answer.status_code in (200, 429)
        passed += answer.status_code == 200
        last = answer if answer.status_code == 429 else last
        if number % 10 == 0:
            assert other.get(f"{sample}/echo").status_code == 200
        fake_clock.advance(1 / 200)
    assert 0.95 * 400 <= passed <= 1.05 * 400
    assert last["Content-Type"] == "application/problem+json"
    assert last.json()["code"] == "RATE_LIMIT_EXCEEDED"
    assert int(last["Retry-After"]) >= 1


@pytest.mark.parametrize("contexts", [(), ("global",), ("client:1", "client:2")])
def test_keys_of_no_one_tenant_have_rates_of_their_own(
    make_token, api, sample, settings, fake_clock, contexts
):
    settings.HUB_API_RATE = "1/h"
    for _ in range(2):
        client = api("read", contexts=contexts)
        assert client.get(f"{sample}/echo").status_code == 200
        assert client.get(f"{sample}/echo").status_code == 429


def test_rates_are_read_strictly():
    assert parse_rate("") is None
    limits = parse_rate("600/m")
    assert limits is not None
    assert (limits.requests, limits.per_seconds, limits.burst) == (600, 60.0, 30)
    for text in ("600", "0/s", "-1/s", "5/d", "five/m"):
        with pytest.raises(ValueError, match="HUB_API_RATE"):
            parse_rate(text)

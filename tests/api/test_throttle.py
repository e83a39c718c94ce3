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


def test_rates_are_read_strictly():
    assert parse_rate("") is None
    limits = parse_rate("600/m")
    assert limits is not None
    assert (limits.requests, limits.per_seconds, limits.burst) == (600, 60.0, 600)
    for text in ("600", "0/s", "-1/s", "5/d", "five/m"):
        with pytest.raises(ValueError, match="HUB_API_RATE"):
            parse_rate(text)

"""What external systems say about waiting, in every form, and what is left of nonsense."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration_hub.lib.resilience import hints

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EPOCH = int(NOW.timestamp())


def asked(headers, status=429):
    return hints.wait_seconds(headers, NOW, status)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("3, 9", 9),
        ("99999", 3600),
        ("99999999999", 3600),
        ("9" * 300, 3600),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30),
        ("Monday, 23-Nov-26 12:00:30 GMT", 30),
        ("Mon Nov 23 12:00:30 2026", 30),
        ("Mon, 23 Nov 2026 14:00:30 +0200", 30),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 23 Nov 2099 11:00:00 GMT", 3600),
        ("5, Mon, 23 Nov 2026 12:00:30 GMT", 30),
        ("40, Mon, 23 Nov 2026 12:00:30 GMT", 40),
        ("soon, 4", 4),
    ],
)
def test_retry_after_is_read_in_every_form(value, expected):
    assert asked({"Retry-After": value}) == expected
    assert asked({"retry-AFTER": value}, status=500) == expected


@pytest.mark.parametrize(
    "value",
    ["", "-5", "soon", "1e9", "NaN", "inf", "٣", "5 s", "0x10", "9" * 100_000, ",", "Mon, 99 Foo"],
)
def test_a_retry_after_that_says_nothing_is_none(value):
    assert asked({"Retry-After": value}) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        # IETF structured fields, with a window where no time is given
        ({"RateLimit": '"default";r=0;t=30'}, 30),
        ({"RateLimit": '"default";r=4;t=30'}, None),
        ({"RateLimit": '"burst";r=5;t=9, "day";r=0;t=600'}, 600),
        ({"RateLimit": '"a,b;c";r=0;t=7'}, 7),
        ({"RateLimit": '"day";r=0', "RateLimit-Policy": '"hour";q=1;w=9,"day";q=5;w=60'}, 60),
        ({"RateLimit": "limit=10, remaining=0, reset=5"}, 5),
        ({"RateLimit": "limit=10, remaining=3, reset=5"}, None),
        # older drafts and the X- family
        ({"RateLimit-Limit": "9;w=60", "RateLimit-Remaining": "0", "RateLimit-Reset": "30"}, 30),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "45"}, 45),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "45"}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(EPOCH + 45)}, 45),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{EPOCH + 45}000"}, 45),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(EPOCH - 45)}, 0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "Mon, 23 Nov 2026 12:00:45 GMT"}, 45),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-11-23T12:00:45Z"}, 45),
        ({"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "45"}, 45),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1.25"}, 1.25),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset-ms": "2500"}, 2.5),
        ({"X-RateLimit-Remaining": "0, 14", "X-RateLimit-Reset": "1, 3000"}, 1),
        ({"X-RateLimit-Remaining": "14, 0", "X-RateLimit-Reset": "1, 3000"}, 3000),
        ({"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "4"}, 4),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1h0m1s"}, 3600),
        (
            {
                "vendor-ratelimit-requests-remaining": "9",
                "vendor-ratelimit-requests-reset": "2026-11-23T12:00:45Z",
                "vendor-ratelimit-tokens-remaining": "0",
                "vendor-ratelimit-tokens-reset": "2026-11-23T12:00:09Z",
            },
            9,
        ),
        # nonsense
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "-5"}, None),
        ({"X-RateLimit-Remaining": "none", "X-RateLimit-Limit": "5"}, None),
        ({"X-RateLimit-Remaining": "0"}, None),
        ({"RateLimit": '";r=0;t'}, None),
    ],
)
def test_a_quota_is_exhausted_only_when_it_says_so(headers, expected):
    assert hints.exhausted_seconds(headers, NOW) == pytest.approx(expected)


def test_a_reset_alone_counts_on_a_429_and_nowhere_else():
    headers = {"X-RateLimit-Reset": "45"}
    assert asked(headers, 429) == 45
    assert asked(headers, 500) is None
    assert hints.exhausted_seconds(headers, NOW) is None


def test_of_several_hints_the_longest_that_is_sane_wins():
    headers = {
        "Retry-After": "5",
        "retry-after-ms": "7000",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(EPOCH + 30),
        "X-RateLimit-Reset-Day": "garbage",
        "RateLimit": '"x";r=3;t=900',
    }
    assert asked(headers) == 30


def test_headers_that_do_not_speak_of_waiting_say_nothing():
    assert asked({"Content-Type": "text/plain", "X-Limit": "0"}) is None


NAMES = st.sampled_from(
    [
        "Retry-After",
        "retry-after-ms",
        "RateLimit",
        "RateLimit-Policy",
        "RateLimit-Remaining",
        "RateLimit-Reset",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
        "X-Rate-Limit-Reset",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
        "X-RateLimit-Reset-Ms",
        "X-RateLimit-Retry-After",
    ]
)
WORDS = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.integers(-(10**20), 10**20).map(str),
        st.floats().map(str),
        st.sampled_from(
            ["0", ",", ";", '"a";r=0;t=', "w=", "6m0s", "1.2.3s", "Mon, 23 Nov 2026 12:00:30 GMT"]
        ),
        st.datetimes().map(str),
        st.datetimes().map(lambda at: at.strftime("%a, %d %b %Y %H:%M:%S +9999")),
    ),
    max_size=6,
).map("".join)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, WORDS, max_size=6), st.sampled_from([200, 429, 503, None]))
def test_whatever_is_sent_the_wait_is_none_or_within_an_hour(headers, status):
    for found in (
        hints.wait_seconds(headers, NOW, status),
        hints.exhausted_seconds(headers, NOW),
    ):
        assert found is None or 0 <= found <= 3600

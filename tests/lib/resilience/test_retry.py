from random import Random

import pytest

from integration_hub.lib.resilience import retry
from integration_hub.lib.resilience.options import RetryOptions

OPTIONS = RetryOptions(max_attempts=5, initial_delay_ms=200, multiplier=2.0, max_delay_ms=5_000)
DRAWS = 10_000


@pytest.mark.parametrize(("attempt", "cap"), [(1, 200), (2, 400), (3, 800), (6, 5000), (50, 5000)])
def test_delays_are_uniform_between_zero_and_the_capped_exponential(attempt, cap):
    rng = Random(attempt)
    drawn = sorted(retry.next_delay_ms(OPTIONS, attempt, rng) for _ in range(DRAWS))
    assert drawn[0] >= 0
    assert drawn[-1] <= cap
    # Kolmogorov-Smirnov against the uniform distribution; 1.63 / √n is its 1 % bound.
    worst = max(abs((index + 1) / DRAWS - delay / cap) for index, delay in enumerate(drawn))
    assert worst < 1.63 / DRAWS**0.5


def test_an_exponent_too_large_for_a_float_is_capped():
    assert retry.next_delay_ms(OPTIONS, 10**6, Random(1)) <= 5000


@pytest.mark.parametrize("wait", [0, 0.5, 3, 3600, 10**9])
def test_no_delay_is_below_what_the_external_system_asked_for(wait):
    rng = Random(7)
    delays = [retry.next_delay_ms(OPTIONS, 1, rng, wait) for _ in range(1000)]
    assert min(delays) >= min(wait, 3600) * 1000
    assert max(delays) <= min(wait, 3600) * 1000 + 200


def test_callers_told_the_same_wait_come_back_apart():
    rng = Random(7)
    assert len({retry.next_delay_ms(OPTIONS, 1, rng, 5) for _ in range(100)}) == 100


@pytest.mark.parametrize("idempotent", [True, False])
@pytest.mark.parametrize("key", [True, False])
@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("status", [None, 400, 401, 404, 408, 429, 500, 503, 504])
def test_a_call_is_repeated_only_where_that_is_safe(idempotent, key, sent, status):
    expected = idempotent or key or not sent or status == 429
    found = retry.may_repeat(idempotent=idempotent, has_upstream_key=key, sent=sent, status=status)
    assert found == expected

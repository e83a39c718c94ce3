"""Which attempt may be followed by another: the whole grid of methods and statuses, and bodies."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from executor import repeats, shaping
from executor.adapters.http import HttpAdapter
from executor.calls import Target
from integration_hub.lib.errors import AuthFailed, ConnectionFailed, IntegrationFailed, TimedOut
from integration_hub.lib.redact import Redactor
from integration_hub.lib.resilience.options import TransientOptions
from registry.adapter import AdapterAnswer
from registry.building import with_overrides
from registry.document import parse_definition

SAFE = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
KINDS = [*((verb, False) for verb in (*SAFE, "POST", "PATCH")), ("POST", True)]
STATUSES = [
    *range(300, 309),
    *range(400, 430),
    431,
    451,
    *range(500, 521),
    *range(522, 531),
    *range(596, 600),
]
WORTH_IT = {408, 425, 429, 500, 501, 502, 503, 504}


def target(verb="GET", *, keyed=False, overrides=None, **members):
    method = {"http": {"method": verb, "path": "/"}, **members}
    if keyed:
        method["idempotency_header"] = "Idempotency-Key"
    document = {
        "slug": "acme",
        "name": "Acme",
        "version": "1.0.0",
        "type": HttpAdapter.type,
        "methods": {"m": method},
    }
    spec = parse_definition(document)
    found = with_overrides(spec.methods["m"], overrides or {})
    return Target(SimpleNamespace(id="i", slug="acme"), found)


def ended(of, status, content=b"", kind="application/json", **headers):
    """The error of an answer, classified; None for a good one."""
    answer = AdapterAnswer(status, content, kind, headers)
    try:
        shaping.judge(of, answer, Redactor(()))
    except (IntegrationFailed, AuthFailed) as error:
        return repeats.classified(of, error, safe=of.method.idempotent)
    return None


def test_the_grid_has_six_hundred_cells():
    assert len(KINDS) * len(STATUSES) == 600


@pytest.mark.parametrize(("verb", "keyed"), KINDS)
def test_each_status_is_repeated_exactly_where_that_is_safe_and_worth_it(verb, keyed):
    of = target(verb, keyed=keyed)
    safe = verb in SAFE or keyed
    found = {status for status in STATUSES if ended(of, status).retryable}
    assert found == {status for status in WORTH_IT if safe or status == 429}


@pytest.mark.parametrize(("verb", "keyed"), KINDS)
@pytest.mark.parametrize("kind", [TimedOut, ConnectionFailed])
@pytest.mark.parametrize("sent", [True, False])
def test_no_answer_is_repeated_when_nothing_left_or_the_call_is_safe(verb, keyed, kind, sent):
    of = target(verb, keyed=keyed)
    error = repeats.classified(of, kind("No answer.", sent=sent), safe=of.method.idempotent)
    assert error.retryable == (verb in SAFE or keyed or not sent)


def test_a_definition_may_say_that_only_broken_connections_are_worth_it():
    of = target(transient={"exceptions": "connection", "statuses": []})
    assert repeats.classified(of, ConnectionFailed("Cut."), safe=True).retryable
    assert not repeats.classified(of, TimedOut("Late."), safe=True).retryable
    assert not ended(of, 503).retryable


BUSY = {"body": "error.code == 'busy'", "body_pattern": "come back"}


@pytest.mark.parametrize(
    ("status", "content", "again"),
    [
        (200, b'{"error": {"code": "busy"}}', True),
        (200, b'"please come back"', True),
        (418, b'{"error": {"code": "busy"}}', True),
        (418, b"not JSON, come back", True),
        (418, b"not JSON", False),
        (409, b'{"error": {"code": "busy"}}', False),
    ],
)
def test_a_body_that_says_busy_is_transient_whatever_its_status_but_the_final_ones(
    status, content, again
):
    error = ended(target(transient=BUSY), status, content)
    assert error.retryable is again
    assert not ended(target("POST", transient=BUSY), status, content).retryable


def test_an_answer_that_is_not_busy_is_an_answer():
    assert ended(target(transient=BUSY), 200, b'{"error": null}') is None


def test_blocks_replace_each_other_member_by_member():
    of = target(transient={"statuses": [503]}, overrides={"transient": {"body": "busy"}})
    assert of.method.transient == TransientOptions(statuses=(503,), body="busy")
    assert not ended(of, 502).retryable
    assert ended(of, 200, b'{"busy": true}').retryable


def test_the_wait_of_an_answer_is_the_longest_of_its_hints():
    headers = {"retry-after": "3", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "40"}
    assert ended(target(), 503, **headers).retry_after == 40

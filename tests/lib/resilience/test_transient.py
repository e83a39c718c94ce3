"""Which ends of a call are worth another try, and what a definition may not say about it."""

import pytest

from integration_hub.lib.resilience import transient
from integration_hub.lib.resilience.options import TransientOptions

TRANSIENT = {408, 425, 429, 500, 501, 502, 503, 504}


def rule(**members):
    return transient.compile_rule(TransientOptions(**members))


@pytest.mark.parametrize("status", range(100, 600))
def test_only_the_listed_statuses_are_transient(status):
    assert rule().says_status(status) == (status in TRANSIENT)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (503, {503}),
        ("503", {503}),
        ("502-504", {502, 503, 504}),
        ((451, "423", "520-522"), {451, 423, 520, 521, 522}),
        ("400-429", {*range(400, 430)} - transient.NEVER),
        ((), set()),
    ],
)
def test_statuses_may_be_numbers_texts_and_ranges_one_or_several(statuses, expected):
    assert rule(statuses=statuses).statuses == expected


def test_a_body_is_read_by_an_expression_or_by_a_pattern():
    busy = rule(body="error.code == 'busy'", body_pattern="(?i)try again later")
    assert busy.says_body({"error": {"code": "busy"}}, lambda: "")
    assert busy.says_body(None, lambda: "<p>Try again LATER</p>")
    assert not busy.says_body({"error": {"code": "gone"}}, lambda: "gone")


def test_an_expression_that_does_not_fit_the_answer_says_nothing_of_it():
    assert not rule(body="sum(items) > `1`").says_body({"items": ["a"]}, lambda: "")
    assert not rule(body="error.code == 'busy'").says_body("plain text", lambda: "")


def test_a_pattern_takes_time_linear_in_the_text():
    assert not rule(body_pattern="^(a+)+$").says_body(None, lambda: "a" * 200_000 + "b")


def test_equal_options_are_compiled_once():
    assert rule(statuses=(503,)) is rule(statuses=(503,))


@pytest.mark.parametrize(
    ("block", "pointer", "code"),
    [
        ({"statuses": ["504-500"]}, "/transient/statuses/0", "RANGE"),
        ({"statuses": [500, 404]}, "/transient/statuses/1", "NEVER_TRANSIENT"),
        ({"statuses": "422"}, "/transient/statuses", "NEVER_TRANSIENT"),
        ({"statuses": [202]}, "/transient/statuses/0", "RANGE"),
        ({"body": "error.code == "}, "/transient/body", "EXPR_COMPILE"),
        ({"body": "a || [nothing(b)]"}, "/transient/body", "EXPR_COMPILE"),
        ({"body": "contains(keys(@), 'retry')"}, "", ""),
        ({"body_pattern": "("}, "/transient/body_pattern", "EXPR_COMPILE"),
        ({"body_pattern": "busy(?= now)"}, "/transient/body_pattern", "EXPR_COMPILE"),
        ({"statuses": ["400-599", 429], "body": "a", "body_pattern": "b"}, "", ""),
    ],
)
def test_a_fault_is_told_with_its_place(block, pointer, code):
    found = list(transient.faults(block, "/transient"))
    assert [(fault.pointer, fault.code) for fault in found] == ([(pointer, code)] if code else [])

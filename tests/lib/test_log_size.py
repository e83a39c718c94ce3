"""A log line of any event is at most 32 KB long, and says what it does not show."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from integration_hub.lib import log
from integration_hub.lib.log_size import MAX_LINE
from integration_hub.lib.redact import registered

CANARY = "canary9Qx7value"


@pytest.fixture(params=["json", "console"])
def written(request: pytest.FixtureRequest):
    """The one line that a handler with our formatter wrote, as a callable."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.formatter(request.param, [structlog.processors.format_exc_info]))
    root = logging.getLogger()
    root.addHandler(handler)

    def line() -> str:
        (found,) = stream.getvalue().splitlines()
        return found

    yield line
    root.removeHandler(handler)


def chained(deep: int) -> Exception:
    """An error with as many causes, each a traceback of its own."""
    error: Exception = ValueError("the first cause")
    for number in range(deep):
        try:
            fail(f"step {number}", error)
        except RuntimeError as raised:
            error = raised
    return error


def fail(message: str, cause: Exception) -> None:
    raise RuntimeError(message) from cause


def test_a_traceback_of_thousands_of_lines_keeps_its_head_and_its_tail(written) -> None:
    log.get("x").error("broke", exc_info=chained(900))
    line = written()
    assert 5_000 < len(line) <= MAX_LINE
    assert "the first cause" in line
    assert "step 899" in line
    assert "characters cut" in line


@pytest.mark.parametrize(
    "fields",
    [
        {"body": "b" * 1_000_000},
        {"body": "\x00ü" * 100_000},
        {"deep": {"a": ["b" * 1_000] * 1_000}},
        {f"field_{number}": "v" * 500 for number in range(1_000)},
        {"n" * 100_000: 1},
    ],
)
def test_a_line_has_its_end_whatever_it_is_given(written, fields: dict[str, object]) -> None:
    log.get("x").warning("large", **fields)
    line = written()
    assert len(line) <= MAX_LINE
    assert "large" in line
    assert "cut" in line
    if line.startswith("{"):
        assert json.loads(line)["level"] == "warning"


def test_a_secret_that_the_cut_would_split_is_masked_before(written) -> None:
    with registered(CANARY):
        log.get("x").warning("large", body=(CANARY + "-") * 20_000)
    line = written()
    assert "canary" not in line
    assert "9Qx7" not in line


def test_a_line_that_is_short_enough_is_written_whole(written) -> None:
    log.get("x").warning("small", body="b" * 20_000)
    assert "b" * 20_000 in written()

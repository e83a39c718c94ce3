"""One event is one line, whoever logged it, and no line holds a secret."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading

import pytest
import structlog

from integration_hub.lib import log
from integration_hub.lib.redact import MASK, registered

CANARY = "canary9Qx7value"
BREAKERS = "a\r\nb\x1b[31mc\u2028d\u2029e\x00f\x85g\u202eh"


@pytest.fixture(params=["json", "console"])
def written(request: pytest.FixtureRequest):
    """Lines that a handler with our formatter writes, as a callable."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.formatter(request.param, [structlog.processors.format_exc_info]))
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: stream.getvalue().removesuffix("\n").split("\n")
    root.removeHandler(handler)


def fail(message: str) -> None:
    raise RuntimeError(message)


def test_a_registered_secret_is_masked_in_every_part_of_a_line(written) -> None:
    with registered(CANARY):
        log.get("x").warning("said " + CANARY, url=f"/?k={CANARY}", deep={"a": [CANARY, (CANARY,)]})
        logging.getLogger("y").warning("plain %s", CANARY)
        logging.getLogger("y").warning({"as": CANARY})
    lines = written()
    assert len(lines) == 3
    assert CANARY not in "".join(lines)
    assert all(MASK in line for line in lines)


def test_names_that_announce_a_secret_are_masked(written) -> None:
    log.get("x").warning("call", api_key="k1", headers={"Authorization": "k2"}, count=3)
    (line,) = written()
    assert "k1" not in line
    assert "k2" not in line
    assert "3" in line


def test_objects_are_masked_through_their_repr(written) -> None:
    class Holder:
        def __repr__(self) -> str:
            return f"<Holder {CANARY}>"

    with registered(CANARY):
        log.get("x").warning("held", holder=Holder(), error=ValueError(CANARY))
    assert CANARY not in "".join(written())


def test_tracebacks_are_masked_and_stay_on_one_line(written) -> None:
    with registered(CANARY):
        for logger in (log.get("x"), logging.getLogger("y")):
            try:
                fail(f"no access with {CANARY}")
            except RuntimeError:
                logger.exception("broke")
    lines = written()
    assert len(lines) == 2
    assert all("RuntimeError: no access with ***" in line for line in lines)


@pytest.mark.parametrize("place", ["event", "value", "key", "traceback", "stdlib"])
def test_no_text_can_begin_a_line_of_its_own(written, place: str) -> None:
    logger = log.get("x")
    if place == "event":
        logger.warning(BREAKERS)
    elif place == "value":
        logger.warning("x", value=BREAKERS, deep=[BREAKERS])
    elif place == "key":
        logger.warning("x", **{BREAKERS: 1})
    elif place == "stdlib":
        logging.getLogger("y").warning("%s", BREAKERS)
    else:
        try:
            fail(BREAKERS)
        except RuntimeError:
            logger.exception("broke")
    text = "\n".join(written())
    assert len(text.splitlines()) == 1
    assert not set(text) & set("\r\x1b\u2028\u2029\x00\x85\u202e")


def test_json_lines_are_json(written) -> None:
    log.get("x").warning(BREAKERS, value="ü")
    (line,) = written()
    if line.startswith("{"):
        assert json.loads(line)["event"] == BREAKERS


PROGRAM = """
import logging, sys
from integration_hub.lib import log
from integration_hub.lib.redact import registered
log.configure(sys.argv[1])
with registered("canary9Qx7value"):
    log.get("a").info("structlog", secret_thing="canary9Qx7value")
    logging.getLogger("b").info("stdlib %s", "canary9Qx7value")
    logging.getLogger("b").info("broken %d", "canary9Qx7value")
"""


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_configured_process_writes_only_whole_masked_lines(style: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, style], capture_output=True, text=True, check=True
    )
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert CANARY not in done.stderr
    assert "log_line_lost" in lines[2]
    if style == "json":
        assert [json.loads(line)["level"] for line in lines] == ["info", "info", "error"]


def test_a_thread_that_dies_is_logged_like_everything_else(written) -> None:
    thread = threading.Thread(target=fail, args=("inside\nthread",), name="worker-1")
    hook, threading.excepthook = threading.excepthook, log._log_thread_death
    try:
        thread.start()
        thread.join()
    finally:
        threading.excepthook = hook
    (line,) = written()
    assert "worker-1" in line
    assert "RuntimeError" in line

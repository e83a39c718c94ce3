# ruff: noqa: E402 - settings are named before anything of Django is read
"""How fast events reach a webhook, and how soon.

    DATABASE_URL=… [REDIS_URL=…] HUB_OUTBOUND_ALLOW=127.0.0.0/8 \\
        python -m tests.benchmarks.bench_events [--events 3000] [--rate 100] [--seconds 20]

A worker host (`runworker --queue events`) delivers signed webhooks of many subjects to a
receiver in a process of its own. First a backlog, then a stream of `--rate` events a
second. The database is one to throw away. Late is from the event's commit to the
receiver's clock, both of this machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration_hub.settings")

import django

django.setup()

from django.core.management import call_command

from integration_hub.events import services
from integration_hub.events.choices import EventType
from integration_hub.events.models import Event, EventSink
from integration_hub.events.sink_services import create_sink
from integration_hub.lib.standard_webhooks import new_secret
from tests.benchmarks.bench_health import cpu_seconds, free_port, process

SUBJECTS = 200
PATIENCE = 120.0


def emit(number: int) -> str:
    row = services.emit(
        type=EventType.INSTANCE_STATUS,
        subject=f"instance-{number % SUBJECTS}",
        data={"state": "connected", "previous": "pending_authentication", "reason": "bench"},
    )
    return str(row.pk)


def arrivals(log: Path) -> dict[str, float]:
    """When each event came first."""
    found: dict[str, float] = {}
    for line in log.read_text().splitlines():
        key, at = line.split()
        found.setdefault(key, float(at))
    return found


def wait_for(log: Path, keys: set[str]) -> dict[str, float]:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = arrivals(log)
        if keys <= found.keys():
            return found
        time.sleep(0.2)
    sys.exit(f"{len(keys - arrivals(log).keys())} events never came")


def backlog(count: int, worker: tuple[str, ...], log: Path) -> None:
    keys = {emit(number) for number in range(count)}
    with process(*worker) as child:
        # From the first delivery on: the start of a host is no part of it.
        while not log.read_text():
            time.sleep(0.05)
        cpu = cpu_seconds(child.pid)
        found = wait_for(log, keys)
        cpu = cpu_seconds(child.pid) - cpu
    times = sorted(found[key] for key in keys)
    took = times[-1] - times[0]
    print(f"| deliveries a second, backlog of {count} | {count / took:.0f} |")
    print(f"| CPU ms a delivery | {cpu / count * 1000:.2f} |")


def stream(rate: int, seconds: float, worker: tuple[str, ...], log: Path) -> None:
    sent: dict[str, float] = {}
    with process(*worker):
        warm = {emit(0)}
        wait_for(log, warm)
        began = time.monotonic()
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            sent[emit(number)] = time.time()
        found = wait_for(log, set(sent))
    late = sorted(found[key] - at for key, at in sent.items())
    cuts = statistics.quantiles(late, n=100)
    real = len(sent) / (time.monotonic() - began)
    print(f"| events a second, asked and sent | {rate}, {real:.0f} |")
    for name, value in (("p50", cuts[49]), ("p95", cuts[94]), ("p99", cuts[98])):
        print(f"| late {name} s | {value:.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=3000)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    call_command("migrate", verbosity=0)
    if Event.objects.exists():
        parser.error("This database is in use: name an empty one in DATABASE_URL.")
    EventSink.objects.all().delete()
    worker = ("manage.py", "runworker", "--workers", str(asked.workers), "--queue", "events")
    with tempfile.TemporaryDirectory() as folder:
        log, port = Path(folder) / "arrivals", free_port()
        log.touch()
        config = {"url": f"http://127.0.0.1:{port}/hook", "secret": new_secret()}
        document = {"name": "bench", "type": "webhook", "config": config}
        create_sink(document=document, actor="bench")
        with process("-c", RECEIVER, str(port), str(log)):
            backlog(asked.events, worker, log)
            stream(asked.rate, asked.seconds, worker, log)


RECEIVER = """
import asyncio, sys, time

async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\\r\\n\\r\\n")).decode().lower()
            lines = dict(line.split(": ", 1) for line in head.split("\\r\\n")[1:] if ": " in line)
            await reader.readexactly(int(lines.get("content-length", 0)))
            log.write(f"{lines['webhook-id']} {time.time()}\\n")
            log.flush()
            writer.write(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()

log = open(sys.argv[2], "a")
asyncio.run(main())
"""

if __name__ == "__main__":
    main()

# ruff: noqa: E402 - settings are named before anything of Django is read
"""What a sealed credential costs: opening it, and bringing rows under a new key.

    [DATABASE_URL=…] python -m tests.benchmarks.bench_sealed [--rows 10000] [--rounds 3]

In a database of its own, which is dropped at the end. Prints the median of the rounds:
opening as a call does it (row in memory, ciphertext to data) and `rotate_keys` over `--rows` rows of tokens of 900 characters.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from credentials.models import Credential
from credentials.services import put_credential
from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.lib import ids, jsonsafe
from integration_hub.sealing.field import seal
from registry import services as registry
from registry.models import Instance

DOCUMENT = {
    "slug": "bench",
    "name": "Bench",
    "version": "1.0.0",
    "type": "http",
    "default_config": {"base_url": "https://api.bench.example"},
    "auth": [{"type": "bearer"}],
    "methods": {"ping": {"http": {"method": "GET", "path": "/"}}},
}
SECONDS = 1.0


def stored(rows: int) -> list[Credential]:
    """One credential by its service, the others as copies of it, each sealed for itself."""
    registry.create_definition(document=DOCUMENT, actor="bench", publish=True)
    first = registry.create_instance(definition="bench@1.0.0", slug="bench-0", actor="bench")
    text = secrets.token_urlsafe(675)
    row = put_credential(
        instance=first, type="bearer", data={"token": text}, caller=Caller.command("bench")
    )
    made = []
    for number in range(1, rows):
        instance = Instance.objects.get(pk=first.pk)
        instance.pk, instance.slug = ids.new_id(), f"bench-{number}"
        made.append(instance)
    Instance.objects.bulk_create(made, batch_size=500)
    copies = []
    for instance in made:
        copy = Credential(instance=instance, auth_id=row.auth_id, type=row.type)
        copy.secret = seal(copy, "secret", jsonsafe.dumps_text({"token": text}))
        copies.append(copy)
    Credential.objects.bulk_create(copies, batch_size=500)
    return [row, *copies]


@dataclass(frozen=True)
class Rate:
    """Per second of the clock on the wall, and of this process's CPU, which other work on the
    machine does not stretch."""

    wall: float
    cpu: float


def timed(work: Callable[[], int]) -> Rate:
    """`work` gives how often it did what is counted."""
    wall, cpu = time.perf_counter(), time.process_time()
    done = work()
    return Rate(done / (time.perf_counter() - wall), done / (time.process_time() - cpu))


def opened(row: Credential) -> int:
    ends, done = time.perf_counter() + SECONDS, 0
    while time.perf_counter() < ends:
        jsonsafe.loads(row.open_secret())
        done += 1
    return done


def rotated(rows: int) -> int:
    settings.FERNET_KEYS = [secrets.token_urlsafe(48), *settings.FERNET_KEYS][:2]
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        call_command("rotate_keys", stdout=nowhere)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        revision.forget()
        row = stored(options.rows)[0]
        found = Credential.objects.get(pk=row.pk)
        cases: dict[str, Callable[[], int]] = {
            "opened, row in memory": lambda: opened(found),
            f"rotate_keys over {options.rows:,}": lambda: rotated(options.rows),
        }
        print(f"{connection.vendor}, load average {os.getloadavg()[0]:.1f}")
        for title, work in cases.items():
            rates = [timed(work) for _ in range(options.rounds)]
            wall, cpu = (statistics.median(getattr(r, n) for r in rates) for n in ("wall", "cpu"))
            print(f"{title:32} {wall:10,.0f} a second {cpu:10,.0f} a CPU second")
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main()

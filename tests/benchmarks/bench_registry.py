# ruff: noqa: E402 - settings are named before anything of Django is read
"""What the registry costs: lists and searches, loading files, resolving and admitting a call.

    DATABASE_URL=… python -m tests.benchmarks.bench_registry [--definitions 10000] [--files 500]

The database is one to throw away: it is filled with definitions of eight methods each.
Lists go through every middleware in one process, without a web server.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient

from executor import admission
from executor.calls import CallOptions
from integration_hub.access import services as access
from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.lib import clock
from registry import services
from registry.building import build_spec
from registry.choices import DefinitionStatus
from registry.definition_services import digest_of
from registry.loading import files_in, load_files
from registry.models import Definition
from registry.search import search_text

WORDS = ("orders", "contacts", "invoices", "tickets", "events", "files", "users", "payments")
ROUNDS = 25


def document(number: int) -> dict[str, Any]:
    """Eight methods with schemas: about 4 kB."""
    member = {"type": "string", "description": "What the external system calls it."}
    methods = {
        f"{verb}_{word}_{number}": {
            "description": f"{verb.title()} {word} of system {number}",
            "param_schema": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": member, "fields": member, "since": member},
            },
            "result_schema": {"type": "object", "properties": {"id": member, "name": member}},
            "http": {"method": "GET", "path": f"/{word}/{{id}}"},
        }
        for verb in ("get", "list")
        for word in (WORDS[(number + step) % len(WORDS)] for step in range(4))
    }
    return {
        "slug": f"system-{number:05d}",
        "name": f"System {number}",
        "description": f"Keeps the {WORDS[number % len(WORDS)]} of department {number % 97}.",
        "version": "1.0.0",
        "type": "http",
        "tags": [WORDS[number % len(WORDS)], f"team{number % 20}"],
        "config_schema": {"type": "object", "properties": {"base_url": {"type": "string"}}},
        "methods": methods,
    }


def fill(count: int) -> None:
    """Straight into the table: what is measured is reading."""
    now = clock.now()
    rows = []
    for number in range(count):
        found = document(number)
        text = json.dumps(found)
        rows.append(
            Definition(
                slug=found["slug"],
                version="1.0.0",
                name=found["name"],
                type="http",
                status=DefinitionStatus.PUBLISHED,
                document=text,
                digest=digest_of(found),
                description=found["description"],
                tags=",".join(found["tags"]),
                search_text=search_text(build_spec(found)),
                published_at=now,
            )
        )
    Definition.objects.bulk_create(rows, batch_size=500)


def timed(work: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Median and least in milliseconds: the least is nearest to a machine of its own."""
    work()
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        found.append((time.perf_counter() - begun) * 1000)
    return statistics.median(found), min(found)


def lists() -> list[str]:
    _, raw = access.create_token(name=f"bench {time.time()}", scopes=("read",), actor="bench")
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {raw}", SERVER_NAME="localhost")
    lines = ["| page of 50 | median ms | least ms |", "| --- | --- | --- |"]
    for what, query in (
        ("first", ""),
        ("number 150", "page=150"),
        ("search of a word in many", "search=invoices"),
        ("search of one name", "search=system-04711"),
        ("search of one method", "search=get_orders_1234"),
        ("search that finds nothing", "search=nowhere-to-be-found"),
        ("search, filter, order", "search=department&status=published&ordering=-name"),
        ("by tag", "tag=team7"),
    ):
        path = f"/api/v1/definitions?page_size=50&{query}"

        def ask(path: str = path) -> None:
            answer = client.get(path)
            if answer.status_code != 200:
                sys.exit(f"{path}: {answer.status_code}")

        middle, least = timed(ask)
        lines.append(f"| {what} | {middle:.1f} | {least:.1f} |")
    return lines


def loading(count: int) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            found = document(number) | {"slug": f"file-{os.getpid()}-{number}"}
            Path(folder, f"{number}.json").write_text(json.dumps(found))
        lines = []
        for what in ("new, published", "again, unchanged"):
            begun, cpu = time.perf_counter(), time.process_time()
            results = load_files(files_in([folder]), publish=True, dry_run=False, actor="bench")
            took, used = time.perf_counter() - begun, time.process_time() - cpu
            if not all(item.ok for item in results):
                sys.exit(str(results[0]))
            lines.append(f"{count} definition files, {what}: {took:.1f} s, CPU {used:.1f} s")
    return lines


def admitting() -> str:
    found = document(0) | {"slug": f"admit-{os.getpid()}"}
    services.create_definition(document=copy.deepcopy(found), actor="bench", publish=True)
    config = {"base_url": "https://api.acme.example"}
    services.create_instance(
        definition=f"{found['slug']}@1.0.0", slug=found["slug"], actor="bench", config=config
    )
    caller = Caller("bench", scopes=frozenset({"execute"}))
    method = next(iter(found["methods"]))
    options, parameters = CallOptions(), {"id": "7"}

    def one() -> None:
        target = admission.resolve(
            caller=caller, instance_ref=found["slug"], integration="", context={}, method=method
        )
        if admission.refusal(target, parameters, options, caller) is not None:
            sys.exit("the call was refused")

    def thousand() -> None:
        for _ in range(1_000):
            one()

    with revision.scope():
        middle, least = timed(thousand)
    return f"resolve and admit, cached: median {middle:.0f} µs, least {least:.0f} µs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--definitions", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=500)
    given = parser.parse_args()
    call_command("migrate", verbosity=0)
    missing = given.definitions - Definition.objects.count()
    if missing > 0:
        fill(given.definitions)
    if connection.vendor == "postgresql":
        connection.cursor().execute("VACUUM ANALYZE registry_definition")
    print(f"{connection.vendor}, {Definition.objects.count()} definitions")
    print("\n".join(lists()))
    print("\n".join(loading(given.files)))
    print(admitting())


if __name__ == "__main__":
    main()

# ruff: noqa: E402 - settings are named before anything of Django is read
"""Transforms in one process, against the same mapping written by hand, in the same run.

    python -m tests.benchmarks.bench_transform [--seconds 1] [--rounds 5]

prints one row a case: milliseconds of one call (median of the rounds' means, and the least)
and, where there is one, its ratio to the function by hand. Rounds alternate between cases.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from integration_hub.lib import jsonsafe
from integration_hub.lib.schema import compile_schema
from transformer import services

Case = Callable[[], object]
ORDER = {
    "id": "17",
    "email": " Ada@Example.com ",
    "customer": {"first": "Ada", "last": "Lovelace", "city": "London", "vip": True},
    "total": "12.50",
    "currency": "eur",
    "placed": "2026-11-23T10:00:00Z",
    "note": None,
}
RULES = [
    {"source": "id", "target": "id", "type": "integer", "required": True},
    {"source": "email", "target": "contact.mail", "transforms": ["trim", "lower"]},
    {"source": "customer.first", "target": "contact.first", "type": "string"},
    {"source": "customer.last", "target": "contact.last", "type": "string"},
    {"source": "customer.city", "target": "contact.city"},
    {"source": "customer.vip", "target": "vip", "type": "boolean"},
    {"source": "total", "target": "total", "type": "decimal"},
    {"source": "currency", "target": "currency", "transforms": ["upper"]},
    {"source": "placed", "target": "placed"},
    {"source": "note", "target": "note", "default": ""},
]
EXPRESSION = (
    '{"id": $number(id), "contact": {"mail": $lowercase($trim(email)), "first": customer.first,'
    ' "last": customer.last, "city": customer.city}, "vip": customer.vip, "total": total,'
    ' "currency": $uppercase(currency), "placed": placed, "note": note}'
)
TEMPLATE = {
    "id": "${id}",
    "contact": {name: f"${{customer.{name}}}" for name in ("first", "last", "city")},
    **{name: f"${{{name}}}" for name in ("email", "total", "currency", "placed", "note")},
    "vip": "${customer.vip}",
}
LINES = [
    {"sku": f"sku-{n}", "qty": str(n + 1), "price": "1.25", "tags": ["a", "b"]} for n in range(20)
]
LARGE = {**{f"f{n}": {"value": f" v{n} "} for n in range(46)}, "lines": LINES}
LARGE_RULES = [
    *({"source": f"f{n}.value", "target": f"out.g{n}", "transforms": ["trim"]} for n in range(46)),
    {
        "source": "lines",
        "target": "items",
        "each": [
            {"source": "sku", "target": "code", "transforms": ["upper"]},
            {"source": "qty", "target": "count", "type": "integer"},
            {"source": "price", "target": "price", "type": "decimal"},
            {"source": "tags[0]", "target": "tag"},
        ],
    },
]
SCHEMA = {
    "type": "object",
    "required": ["lines"],
    "properties": {
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["sku", "qty"],
                "properties": {
                    "sku": {"type": "string", "pattern": "^sku-"},
                    "qty": {"type": "string", "maxLength": 5},
                    "price": {"type": "string"},
                },
            },
        }
    },
}
XML = (
    "<orders>"
    + "".join(
        f'<line id="{n}"><sku>sku-{n}</sku><qty>{n}</qty><price>1.25</price></line>'
        for n in range(45)
    )
    + "</orders>"
).encode()


def by_hand() -> object:
    source = ORDER
    customer = source["customer"]
    return {
        "id": int(source["id"]),
        "contact": {
            "mail": source["email"].strip().lower(),
            "first": customer["first"],
            "last": customer["last"],
            "city": customer["city"],
        },
        "vip": customer["vip"],
        "total": source["total"],
        "currency": source["currency"].upper(),
        "placed": source["placed"],
        "note": source["note"],
    }


def large_by_hand() -> object:
    return {
        "out": {f"g{n}": LARGE[f"f{n}"]["value"].strip() for n in range(46)},
        "items": [
            {
                "code": line["sku"].upper(),
                "count": int(line["qty"]),
                "price": line["price"],
                "tag": line["tags"][0],
            }
            for line in LARGE["lines"]
        ],
    }


def compiled(**spec: object):
    return services.compile_spec(spec, response=False)


def cases() -> dict[str, tuple[Case, str]]:
    """Name → what is called, and the name of what it is compared with."""
    few, many = compiled(rules=RULES), compiled(rules=LARGE_RULES)
    apart, filled = compiled(expression=EXPRESSION), compiled(template=TEMPLATE)
    assert few.run(ORDER) == apart.run(ORDER) == by_hand()
    assert many.run(LARGE) == large_by_hand()
    document = {"lines": LINES * 2}
    judge = compile_schema(SCHEMA)
    assert not judge.faults(document)
    size = len(jsonsafe.dumps(document))
    return {
        "10 fields by hand": (by_hand, ""),
        "10 fields by rules": (lambda: few.run(ORDER), "10 fields by hand"),
        "10 fields by a template": (lambda: filled.run(ORDER), "10 fields by hand"),
        "10 fields by an expression, apart": (lambda: apart.run(ORDER), "10 fields by hand"),
        "50 fields, 20 lines by hand": (large_by_hand, ""),
        "50 fields, 20 lines by rules": (lambda: many.run(LARGE), "50 fields, 20 lines by hand"),
        f"XML of {len(XML):,} bytes read": (
            lambda: services.decode_body(XML, "application/xml"),
            "",
        ),
        f"document of {size:,} bytes judged": (lambda: judge.faults(document), ""),
    }


def mean_ms(case: Case, seconds: float) -> float:
    calls, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        for _ in range(20):
            case()
        calls += 20
    return spent * 1000 / calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    measured = cases()
    found: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(options.rounds):
        for name, (case, _against) in measured.items():
            found[name].append(mean_ms(case, options.seconds))
    print("| case | ms, median | ms, least | ÷ by hand |\n| --- | --- | --- | --- |")
    for name, (_case, against) in measured.items():
        median, least = statistics.median(found[name]), min(found[name])
        ratio = f"{min(found[name]) / min(found[against]):.1f}" if against else ""
        print(f"| {name} | {median:.4f} | {least:.4f} | {ratio} |")


if __name__ == "__main__":
    main()

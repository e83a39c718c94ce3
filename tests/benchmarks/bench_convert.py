"""How fast and in how much memory `manage.py convert` turns rows into rows.

    python -m tests.benchmarks.bench_convert [--mib 200] [--only ndjson,csv,json,xml]

Each conversion is a process of its own, through five rules, with one row in a thousand bad and
collected. Timed without the start of Django. Memory is what the process held at its peak
(VmHWM), and what of it came with the conversion.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULES = [
    {"source": "id", "target": "id", "type": "integer"},
    {"source": "name", "target": "name", "transforms": ["trim"]},
    {"source": "email", "target": "contact.email", "transforms": ["lower"]},
    {"source": "city", "target": "contact.city"},
    {"source": "total", "target": "total", "type": "decimal"},
]
SIDES = {
    "ndjson": {"format": "ndjson"},
    "csv": {"format": "csv"},
    "json": {"format": "json", "options": {"rows": "/data/rows"}},
    "xml": {"format": "xml", "options": {"rows": "orders/order"}},
}
BAD_EVERY = 1_000


def rows(size: int) -> Iterator[dict[str, str]]:
    """Rows of some 240 bytes of JSON; `size` is how many."""
    for number in range(size):
        wrong = number % BAD_EVERY == BAD_EVERY - 1
        yield {
            "id": "x" if wrong else str(number),
            "name": f" Ada Lovelace {number} ",
            "email": f"ADA.{number}@EXAMPLE.com",
            "city": "Zürich",
            "total": f"{number}.50",
            "at": "2026-11-23T08:05:00Z",
            "note": "nothing of this is read " * 4,
        }


def _ndjson(row: dict[str, str]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def _csv(row: dict[str, str]) -> str:
    return ",".join(row.values()) + "\n"


def _xml(row: dict[str, str]) -> str:
    return "<order>" + "".join(f"<{k}>{v}</{k}>" for k, v in row.items()) + "</order>\n"


WRITERS: dict[str, tuple[str, Callable[[dict[str, str]], str], str]] = {
    "ndjson": ("", _ndjson, ""),
    "csv": (",".join(next(rows(1))) + "\n", _csv, ""),
    "json": ('{"meta":{"v":1},"data":{"rows":[\n', lambda r: _ndjson(r).rstrip() + ",\n", "0]}}"),
    "xml": ("<orders>\n", _xml, "</orders>"),
}


@dataclass(frozen=True)
class Measured:
    format: str
    mib: float
    rows: int
    bad: int
    seconds: float
    cpu: float
    peak: float
    growth: float

    def __str__(self) -> str:
        return (
            f"{self.format:7} {self.mib:6.0f} MiB {self.rows:9,} rows {self.bad:6,} bad "
            f"{self.seconds:6.1f} s {self.rows / self.seconds:9,.0f} rows/s "
            f"{self.rows / self.cpu:9,.0f} rows/CPU s {self.peak:4.0f} MiB peak, "
            f"{self.growth:.0f} of it its own"
        )


def write_input(path: Path, kind: str, mib: float) -> None:
    head, of_row, tail = WRITERS[kind]
    left = int(mib * 1024 * 1024)
    with path.open("w", encoding="utf-8") as out:
        out.write(head)
        for row in rows(sys.maxsize):
            left -= out.write(of_row(row))
            if left <= 0:
                break
        out.write(tail)


def measure(kind: str, mib: float, folder: Path) -> Measured:
    """One conversion to NDJSON, as an operator would start it."""
    source, spec, bad = folder / f"in.{kind}", folder / "spec.json", folder / "bad.ndjson"
    write_input(source, kind, mib)
    spec.write_text(json.dumps({"rules": RULES, "input": SIDES[kind]}))
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            _CHILD,
            str(source),
            str(folder / "out.ndjson"),
            str(spec),
            str(bad),
        ],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    said = json.loads(done.stdout)
    size = source.stat().st_size / 1024 / 1024
    source.unlink()
    return Measured(kind, size, **said)


_CHILD = """
import io, json, re, sys, time
import django; django.setup()
from django.core.management import call_command, load_command_class
load_command_class("transformer", "convert")

def held(name):
    return int(re.search(name + r":\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

err, before, begun, cpu = io.StringIO(), held("VmHWM"), time.perf_counter(), time.process_time()
try:
    call_command("convert", *sys.argv[1:3], spec=sys.argv[3], errors=sys.argv[4],
                 max_errors=10**9, json=True, stderr=err)
except SystemExit as end:
    assert end.code == 3, err.getvalue()
said = json.loads(err.getvalue())
print(json.dumps({"rows": said["rows"], "bad": said["bad"],
                  "seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu,
                  "peak": held("VmHWM"), "growth": held("VmHWM") - before}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=float, default=200)
    parser.add_argument("--only", default=",".join(SIDES))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.only.split(","):
            print(measure(kind, options.mib, Path(folder)), flush=True)


if __name__ == "__main__":
    main()

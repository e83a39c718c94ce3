"""Broken, spliced and grown expressions: each is an answer or an error of ours, in time.

`HUB_FUZZ_SECONDS=60 pytest -m fuzz tests/transformer` looks for so long, from a new seed each
time (`HUB_FUZZ_SEED` repeats one); the suite looks for three seconds, always from the same.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from integration_hub.lib.errors import TransformFailed, ValidationFailed
from transformer.services import compile_spec

SUITE = json.loads(
    gzip.decompress((Path(__file__).parent / "jsonata" / "suite.json.gz").read_bytes())
)
SEEDS = [case["expr"] for case in SUITE["cases"] if isinstance(case.get("expr"), str)]
DOCUMENTS = [*SUITE["datasets"].values(), None, 2**60, [[[]]], "\u202e", {"": {"": None}}]
PIECES = [
    *("(", ")", "[", "]", "{", "}", "'", '"', "`", "/", "~>", "^(", "%", "**", "@$x", "#$i", "?:"),
    *("$eval(", "$", "$$", "function($x){$x}", "[1..1e9]", "1e308", "-", "9007199254740993", "|"),
    *("\x00", "\ud7ff", "é", "🎉", "\\u0000", "/(a+)+$/", ":=", "..", "??", "$string(", "*"),
]
SECONDS = 1.5


def changed(dice: random.Random) -> str:
    text = dice.choice(SEEDS)
    for _ in range(dice.randint(1, 4)):
        at, to = sorted((dice.randint(0, len(text)), dice.randint(0, len(text))))
        kind = dice.randrange(5)
        if kind == 0:
            text = text[:at] + dice.choice(PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[to:]
        elif kind == 2:
            text = text[:at] + dice.choice(SEEDS) + text[at:]
        elif kind == 3:
            text = text[:to] + text[at:]
        else:
            text = (
                f"({text}) {dice.choice(['&', '+', '~>', '.', 'in', '='])} ({dice.choice(SEEDS)})"
            )
    return text


def look(seconds: float, seed: int) -> Counter[str]:
    dice, met = random.Random(seed), Counter[str]()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        text, document = changed(dice), dice.choice(DOCUMENTS)
        began = time.monotonic()
        try:
            compile_spec({"expression": text}, response=False).run(document)
            met["answered"] += 1
        except (TransformFailed, ValidationFailed) as refused:
            met[refused.errors[0].code] += 1
        assert time.monotonic() - began < SECONDS, (seed, text, document)
    assert compile_spec({"expression": "a + 1"}, response=False).run({"a": 1}) == 2
    return met


def test_what_is_broken_is_refused_and_nothing_else_breaks():
    met = look(3, seed=7)
    assert {"answered", "EXPR_COMPILE", "EXPR_RUNTIME"} <= met.keys()


@pytest.mark.fuzz
@pytest.mark.timeout(3_600)
def test_so_for_as_long_as_one_likes():
    seed = int(os.environ.get("HUB_FUZZ_SEED") or time.time_ns())
    met = look(float(os.environ.get("HUB_FUZZ_SECONDS", "60")), seed)
    print(f"seed {seed}: {dict(met)}")

"""Expressions that mean harm: refused or stopped in time and memory, the next one served."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from integration_hub.lib.errors import TransformFailed, ValidationFailed
from transformer.engine import engines
from transformer.services import compile_spec

SECONDS, MEGABYTES = 1.5, 64
DOUBLING = "($f := function($n) {{ $n = 0 ? {0} : ($x := $f($n - 1); {1}) }}; $f({2}))"
HOSTILE = {
    "endless tail call": "($f := function($x) { $f($x) }; $f(1))",
    "endless recursion": "($f := function($x) { $f($x) + 1 }; $f(1))",
    "mutual recursion": "($f := function($x) { $g($x) }; $g := function($x) { $f($x) }; $f(1))",
    "ackermann": "($a := function($m, $n) { $m = 0 ? $n + 1 : $n = 0 ? $a($m - 1, 1)"
    " : $a($m - 1, $a($m, $n - 1)) }; $a(4, 4))",
    "huge range": "[1..10000000]",
    "larger range": "[1..1e15]",
    "nested ranges": "[1..9999].[1..9999]",
    "ranges thrice": "$sum([1..999].[1..999].[1..999])",
    "many objects": "[1..900000].{}",
    "many lists": "[1..900000].[[]]",
    "doubling text": DOUBLING.format('"ab"', "$x & $x", 60),
    "doubling lists": DOUBLING.format("[1]", "$append($x, $x)", 60),
    "shared tree": DOUBLING.format("[1]", "[[$x], [$x]]", 40),
    "shared trees compared": "($t := "
    + DOUBLING.format("[1]", "[[$x], [$x]]", 40)
    + "; $u := "
    + DOUBLING.format("[1]", "[[$x], [$x]]", 40)
    + "; $t = $u)",
    "shared tree as text": "$string(" + DOUBLING.format('{"a": 1}', '{"l": $x, "r": $x}', 40) + ")",
    "padding": '$pad("a", 1000000000)',
    "padding back": '$pad("a", -1e12)',
    "splitting": '$split($pad("", 9000000, "ab"), "")',
    "joining": '$join([1..900000].$pad("", 1000, "ab"))',
    "replacing": '$replace($pad("", 100000, "a"), "a", $pad("", 10000, "b"))',
    "catastrophic pattern": '$match($pad("", 3000, "a") & "!", /^(a+)+$/)',
    "overlapping pattern": '$match($pad("", 3000, "a") & "!", /^(a|aa)+$/)',
    "pattern of patterns": '$contains($pad("", 5000, "a"), /(((a*)*)*)*b/)',
    "counted pattern": "$contains('aaaa', /((a{100}){100}){100}/)",
    "backreference": r'$contains($pad("", 3000, "a") & "b", /^(a*)*\1$/)',
    "power": "$power(9, $power(9, 9))",
    "power tower": "$reduce([1..100000], function($a, $b) { $power(2, $a) })",
    "formatting": '$formatNumber(1, $pad("", 100000, "#"))',
    "base": "$formatBase(1e300, 36)",
    "sorting badly": "$sort([1..100000], function($l, $r) { $random() > 0.5 })",
    "shuffling": "$shuffle([1..900000])",
    "reducing": "$reduce([1..900000], function($a, $b) { $a & $b })",
    "deep brackets": "[" * 4_000 + "]" * 4_000,
    "deep parentheses": "(" * 4_000 + "1" + ")" * 4_000,
    "long sum": "1" + "+1" * 4_000,
    "deep objects": '{"a":' * 1_300 + "1" + "}" * 1_300,
    "deep result": "($f := function($n) { $n = 0 ? 1 : [[$f($n - 1)]] }; $f(90))",
    "many functions": "function(){" * 700 + "1" + "}" * 700,
    "parents": "%." * 2_500 + "a",
    "wildcards": "**." * 60 + "a",
    "self embedding": "($f := function($o, $n) { $n = 0 ? $o : $f({'a': $o, 'b': $o}, $n - 1) };"
    " $count($f({}, 30).**))",
    "eval": "$eval('1')",
    "null bytes": "\x00" * 1_000,
    "control characters": "\x01\x02\x1b[2J",
    "right to left": "\u202e'a' & \u202d'b'",
    "not a number": "1/0",
    "negative zero": "-0 ? [1..10000000] : [1..10000000]",
    "keys": "$merge([1..300000].{$string($): $})",
    "spread": "$spread($merge([1..300000].{$string($): $}))",
    "transform": "([1..300000].{'a': $}) ~> | $ | {'b': %} |",
    "url": "$encodeUrl($pad('', 5000000, '\u00e9'))",
    "base64": "$base64decode($base64encode($pad('', 9000000, 'ab')))",
    "distinct": "$distinct([1..300000])",
    "dates": '$toMillis($pad("", 100000, "9"), $pad("", 100000, "[Y]"))',
    "zip": "$zip([1..900000], [1..900000], [1..900000])",
}
WIDE = {"a": [{"a": [{"a": 1}] * 50}] * 200}


def status(name):
    """Of this process, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


@pytest.fixture(params=engines.names())
def engine(request, settings):
    """Each engine that may be chosen, its processes started."""
    settings.HUB_EXPRESSION_ENGINE = request.param
    compile_spec({"expression": "a"}, response=False).run({"a": 1})
    return request.param


@pytest.mark.parametrize("name", HOSTILE)
def test_harm_is_bounded_and_the_service_goes_on(engine, name):
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before, began = status("VmRSS"), time.monotonic()
    try:
        compile_spec({"expression": HOSTILE[name]}, response=False).run(WIDE)
    except (TransformFailed, ValidationFailed) as refused:
        codes = {fault.code for fault in refused.errors}
        assert all(code.startswith(("LIMIT_", "EXPR_", "PRECISION_LOSS")) for code in codes)
    assert time.monotonic() - began < SECONDS
    assert status("VmHWM") - before < MEGABYTES
    good = compile_spec({"expression": "a + 1"}, response=False)
    assert good.run({"a": 1}) == 2


# RE2 is linear, so that no pattern hangs in the fallback.
HANGS = {"jlens": "catastrophic pattern", "jsonata_python": "endless tail call"}


def test_many_expressions_share_their_time(engine):
    hang = {"expr": HOSTILE[HANGS[engine]], "on_error": "collect"}
    rules = [{**hang, "target": f"t{number}"} for number in range(50)]
    transform = compile_spec({"rules": rules}, response=False)
    began = time.monotonic()
    outcome = transform.attempt({})
    assert {fault.code for fault in outcome.faults} == {"LIMIT_TIME"}
    assert time.monotonic() - began < SECONDS

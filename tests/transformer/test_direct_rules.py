"""The short way of plain rules gives what the long way gives, faults and places included."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from transformer.plan import RuleSet
from transformer.services import compile_spec
from transformer.types import TYPE_NAMES

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=6)
    | st.sampled_from(["12", " 7.50 ", "true", "2026-11-23", "Ä@B.example", "a,b", "1e5", "+3"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=6,
)
STEPS = ("trim", "lower", {"name": "split", "separator": ","}, "flatten")
RULES = st.fixed_dictionaries(
    {"source": st.sampled_from(["a", "a.b", "b[0]", "$"])},
    optional={
        "type": st.sampled_from([name for name in TYPE_NAMES if name != "enum"]),
        "transforms": st.lists(st.sampled_from(STEPS), max_size=3),
        "on_error": st.sampled_from(["fail", "null", "collect"]),
        "on_missing": st.sampled_from(["null", "skip", "fail"]),
    },
)


def the_long_way(compiled):
    rules = tuple(replace(rule, direct=None, quick=None) for rule in compiled.rules.rules)
    return replace(compiled, rules=RuleSet(rules, compiled.rules.is_list))


@given(st.lists(RULES, min_size=1, max_size=4), VALUES)
@example([{"source": "a", "transforms": [STEPS[2]], "type": "array"}], {"a": "x,y"})
@example([{"source": "a", "transforms": ["trim"], "type": "integer"}], {"a": [" 1 ", "x"]})
def test_both_ways_agree(rules, document):
    spec = {"rules": [{**rule, "target": f"t{number}"} for number, rule in enumerate(rules)]}
    compiled = compile_spec(spec, response=False)
    short, long = compiled.attempt(document), the_long_way(compiled).attempt(document)
    assert repr(short.result) == repr(long.result)
    assert short.failed == long.failed
    assert [f.as_dict() for f in short.faults] == [f.as_dict() for f in long.faults]


def test_most_plain_rules_go_the_short_way():
    plain = {"source": "a", "target": "t", "type": "integer", "transforms": ["trim"]}
    compiled = compile_spec(
        {"rules": [plain, {**plain, "target": "u", "when": "b"}]}, response=True
    )
    assert [rule.direct is not None for rule in compiled.rules.rules] == [True, False]

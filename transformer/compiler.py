"""A spec to closures: every fault of it at once, each with its pointer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from integration_hub.lib.catalog import UnknownPlugin
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import json_schema
from integration_hub.lib.schema import compile_schema
from transformer.expressions.expression import Expression, compile_expression
from transformer.paths import EACH, BadPath, Place, Read, compile_path, parse
from transformer.plan import Inner, Rule, RuleSet, Step, fresh
from transformer.rules import run_rules
from transformer.targets import compile_target, conflicts, parse_target
from transformer.transform import transforms
from transformer.types import TYPES, Convert, Unfit, enum_of

MAX_EACH_DEPTH = 16


class RuleCompiler:
    """Compiles the rules of one spec and gathers their faults."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.faults: list[Fault] = []

    def rule_set(
        self, rules: list[Mapping[str, Any]], base: str, index: int | None = None
    ) -> RuleSet:
        """`index` is the outermost rule's, under which inner rules are reported."""
        if base.count("/each") > MAX_EACH_DEPTH:
            self._say(base, f"`each` goes at most {MAX_EACH_DEPTH} levels deep.", "LIMIT_DEPTH")
            return RuleSet((), is_list=False)
        compiled = [
            self._rule(rule, f"{base}/{number}", number if index is None else index)
            for number, rule in enumerate(rules)
        ]
        targets = [rule.target for rule in compiled]
        self._check_targets(targets, base)
        return RuleSet(
            tuple(compiled), any(place and isinstance(place[0], int) for place in targets)
        )

    def judge(self, rule: Mapping[str, Any], number: int) -> None:
        """Gather the faults of one rule of the right shape, whatever the others are."""
        self._rule(rule, f"/rules/{number}", number)

    def _say(self, pointer: str, detail: str, code: str = "INVALID") -> None:
        self.faults.append(Fault(pointer, detail, code))

    def _rule(self, spec: Mapping[str, Any], at: str, index: int) -> Rule:
        self._check_members(spec, at)
        source = self._path(spec["source"], f"{at}/source") if "source" in spec else None
        target = self._target(spec["target"], f"{at}/target")
        expr = self.expression(spec["expr"], f"{at}/expr") if "expr" in spec else None
        steps, convert = self._steps(spec, at), _conversion(spec)
        cardinality = spec.get("cardinality")
        each = self._each(spec["each"], f"{at}/each", index) if "each" in spec else None
        bare = each is None and cardinality is None
        spreads = source is not None and EACH in source
        plain = bare and source is not None and not spreads and "when" not in spec
        listing = steps and convert is not None and convert.takes_lists
        return Rule(
            index=index,
            target=target,
            write=compile_target(target),
            source=source,
            own=tuple(step for step in source or () if isinstance(step, str | int)),
            read=_constant(spec.get("value")) if source is None else compile_path(source),
            expr=expr,
            transforms=steps,
            convert=convert,
            quick=_all_of((), convert) if bare and not steps else None,
            direct=_all_of(steps, convert) if plain and not listing else None,
            spreads=spreads,
            cardinality=cardinality,
            required=spec.get("required", False),
            on_missing=_on_missing(spec),
            on_error=spec.get("on_error", "fail"),
            default=spec.get("default"),
            when=self._when(spec["when"], f"{at}/when") if "when" in spec else None,
            each=each,
        )

    def expression(self, text: str, at: str) -> Expression | None:
        found = compile_expression(text, self.engine)
        if isinstance(found, Fault):
            self._say(at + found.pointer, found.detail, found.code)
            return None
        return found

    def _check_members(self, spec: Mapping[str, Any], at: str) -> None:
        for detail in _disagreements(spec):
            self._say(at, detail)

    def _check_targets(self, targets: list[Place], base: str) -> None:
        for number, why in conflicts(targets):
            self._say(f"{base}/{number}/target", f"This target cannot be: {why}.", "CONFLICT")

    def _path(self, text: str, at: str) -> tuple[Any, ...]:
        try:
            return parse(text)
        except BadPath as error:
            self._say(at, f"{_sentence(error)}.", "PATH")
            return ()

    def _when(self, text: str, at: str) -> Read:
        try:
            steps = parse(text)
        except BadPath:
            steps = (EACH,)
        if EACH in steps:
            self._say(
                at,
                "`when` takes the path of one value (customer.vip); the rule holds if "
                "it is there and not null, false, 0 or empty.",
                "PATH",
            )
            return _constant(None)
        return compile_path(steps)

    def _target(self, text: str, at: str) -> Place:
        try:
            return parse_target(text)
        except BadPath as error:
            self._say(at, f"{_sentence(error)}.", "PATH")
            return (at,)  # a place of its own, so that no conflict is seen

    def _each(self, rules: list[Mapping[str, Any]], at: str, index: int) -> Inner:
        return partial(run_rules, self.rule_set(rules, at, index))

    def _steps(self, spec: Mapping[str, Any], at: str) -> tuple[Step, ...]:
        steps = [
            self._step(entry, f"{at}/transforms/{number}")
            for number, entry in enumerate(spec.get("transforms", ()))
        ]
        return tuple(step for step in steps if step is not None)

    def _step(self, entry: str | Mapping[str, Any], at: str) -> Step | None:
        name = entry if isinstance(entry, str) else entry["name"]
        options = {} if isinstance(entry, str) else {k: v for k, v in entry.items() if k != "name"}
        try:
            transform = transforms.get(name)
        except UnknownPlugin as unknown:
            near = f"; did you mean {unknown.near[0]!r}" if unknown.near else ""
            self._say(at, f"{unknown}{near}.", "UNKNOWN_TRANSFORM")
            return None
        faults = compile_schema(json_schema(transform.options)).faults(options, at)
        self.faults.extend(faults)
        wrong = "" if faults else transform.check(options)
        if wrong:
            self._say(at, wrong)
        apply = partial(transform.apply, options=options)
        return Step(name, apply, takes_lists=transform.takes_lists)


def _disagreements(spec: Mapping[str, Any]) -> Iterator[str]:
    if sum(name in spec for name in ("source", "expr", "value")) != 1:
        yield "A rule has one of `source` (a path), `expr` (JSONata) and `value` (a constant)."
    if spec.get("required") and spec.get("on_missing") in ("null", "skip"):
        yield f"`required` and `on_missing: {spec['on_missing']}` contradict each other."
    if "default" in (spec.get("on_missing"), spec.get("on_error")) and "default" not in spec:
        yield "`on_missing: default` and `on_error: default` need a `default`."
    if (spec.get("type") == "enum") != ("values" in spec):
        yield "`type: enum` needs `values`, and only that type has them."
    if "each" in spec and spec.get("type", "array") != "array":
        yield "`each` gives an array; leave `type` out or write array."


def _all_of(steps: tuple[Step, ...], convert: Step | None) -> Convert:
    """Every change of one value, in order. Raises Unfit or ValueError also where a list or null
    turns up between them: those are nothing for this way."""
    if not steps:
        return convert.apply if convert else _as_it_is
    changes = tuple(step.apply for step in (*steps, *((convert,) if convert else ())))

    def change(value: Any) -> Any:
        for apply in changes:
            if value is None or isinstance(value, list):
                raise Unfit("one value")
            value = apply(value)
        if isinstance(value, list):
            raise Unfit("one value")
        return value

    return change


def _as_it_is(value: Any) -> Any:
    return value


def _conversion(spec: Mapping[str, Any]) -> Step | None:
    kind = spec.get("type")
    if kind is None:
        return None
    convert: Convert = enum_of(spec.get("values", ())) if kind == "enum" else TYPES[kind]
    return Step(kind, convert, takes_lists=kind == "array")


def _on_missing(spec: Mapping[str, Any]) -> str:
    """Said, or else: the default if there is one, failure if required, nothing written if not."""
    said = spec.get("on_missing")
    if said is not None:
        return str(said)
    if "default" in spec:
        return "default"
    return "fail" if spec.get("required") else "skip"


def _constant(value: Any) -> Read:
    return lambda _: fresh(value)


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]

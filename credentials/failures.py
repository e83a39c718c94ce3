"""What an answer says of the credential: data of the `auth` entry's `errors`, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from credentials.choices import AuthOutcome
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault
from integration_hub.lib.patterns import BadPattern, LinearPattern, compile_pattern
from registry.spec import AuthSpec


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, read only as far as a rule asks."""

    status: int | None
    headers: Mapping[str, str]
    text: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """All that it names must be so."""

    outcome: AuthOutcome
    statuses: frozenset[int] = frozenset()
    expression: Any = None
    pattern: LinearPattern | None = None
    challenge: LinearPattern | None = None

    @property
    def may_be_good(self) -> bool:
        """Whether an answer of good status can be meant."""
        return not self.statuses or min(self.statuses) < 300

    def fits(self, said: Said) -> bool:
        if self.statuses and said.status not in self.statuses:
            return False
        header = said.headers.get("www-authenticate", "")
        if self.challenge is not None and not self.challenge.found_in(header):
            return False
        return self._fits_body(said)

    def _fits_body(self, said: Said) -> bool:
        if self.expression is None and self.pattern is None:
            return True
        text = said.text()
        if self.expression is not None and _holds(self.expression, text):
            return True
        return self.pattern is not None and self.pattern.found_in(text)


@dataclass(frozen=True, slots=True)
class Rules:
    rules: tuple[Rule, ...] = ()
    judges_good: bool = False


NONE = Rules()


def rules_of(entry: AuthSpec | None) -> Rules:
    """Compiled once for an entry as it was loaded."""
    if entry is None or not entry.errors:
        return NONE
    found: Rules | None = entry.memo.get("errors")
    if found is None:
        found = entry.memo["errors"] = _compiled(entry.errors)
    return found


def outcome_of(rules: Rules, said: Said, *, renewable: bool) -> AuthOutcome | None:
    """None where the answer says nothing of the credential.

    Without a rule that fits: 401 of a credential that can be renewed asks for that,
    403 is about permission.
    """
    for rule in rules.rules:
        if rule.fits(said):
            return rule.outcome
    if said.status == 401 and renewable:
        return AuthOutcome.REFRESH
    return AuthOutcome.PERMISSION if said.status == 403 else None


def _compiled(errors: tuple[Mapping[str, Any], ...]) -> Rules:
    rules = tuple(_rule(item) for item in errors)
    return Rules(rules, any(rule.may_be_good for rule in rules))


def _rule(item: Mapping[str, Any]) -> Rule:
    body, challenge = item.get("body"), item.get("www_authenticate")
    path, pattern = _read(body) if body else (None, None)
    return Rule(
        outcome=AuthOutcome(item["outcome"]),
        statuses=frozenset(item.get("status", ())),
        expression=path,
        pattern=pattern,
        challenge=compile_pattern(challenge) if challenge else None,
    )


def _read(body: str) -> tuple[Any, LinearPattern | None]:
    """A JMESPath where it is one; a single word is both, anything else a regular expression."""
    try:
        path = jmespath.compile(body)
    except JMESPathError:
        return None, compile_pattern(body)
    return path, compile_pattern(body) if path.parsed.get("type") == "field" else None


def _holds(expression: Any, text: str) -> bool:
    try:
        return bool(expression.search(jsonsafe.loads(text)))
    except (ValueError, JMESPathError):
        return False


def faults(errors: tuple[Mapping[str, Any], ...], base: str) -> Iterator[Fault]:
    """What the schema of `errors` cannot see."""
    known = ", ".join(AuthOutcome.values)
    for index, item in enumerate(errors):
        place = f"{base}/errors/{index}"
        if item["outcome"] not in AuthOutcome.values:
            yield Fault(f"{place}/outcome", f"One of {known}.", "ENUM")
        if not {"status", "body", "www_authenticate"} & set(item):
            detail = "Say when: status, body or www_authenticate is needed."
            yield Fault(place, detail, "REQUIRED")
        yield from _text_faults(item, place)


def _text_faults(item: Mapping[str, Any], place: str) -> Iterator[Fault]:
    for name, read in (("body", _read), ("www_authenticate", compile_pattern)):
        if item.get(name):
            try:
                read(item[name])
            except BadPattern as bad:
                detail = f"This is no JMESPath and {bad}." if name == "body" else f"This is {bad}."
                yield Fault(f"{place}/{name}", detail, "EXPR_COMPILE")

"""What of an `http` method is right and still wants a look: parameters that lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from executor.http.request import BODY_METHODS, body_kind, used_names
from executor.http.template import names_in
from executor.schema_members import members_of
from integration_hub.lib.errors import Fault
from integration_hub.lib.pointers import escape
from registry.spec import MethodSpec

_MADE_OF_OTHERS = frozenset({"allOf", "anyOf", "oneOf", "$ref"})
_WORD = re.compile(r"[A-Za-z0-9_]+")
# The whole document, or all of its members, in a path or an expression.
_WHOLE = re.compile(r"^\$$|\$\$|\*|\$(?![A-Za-z0-9_.\[{$])")


def method_warnings(method: MethodSpec) -> Iterator[Fault]:
    """Pointers start at the method."""
    if method.param_schema is None:
        return
    members = members_of(method.param_schema)
    for name in names_in(str(method.protocol["path"])):
        if name in members.properties and not _demands(method.param_schema, name):
            detail = f"The path needs {name!r}: name it in `required`, so that callers know."
            yield Fault("/param_schema/required", detail, "NOT_REQUIRED")
    for name in members.properties:
        if not _uses(method, name):
            detail = (
                f"Nothing sends {name!r}: use it in path, query, headers or request_transform, "
                "or take it out."
            )
            yield Fault(f"/param_schema/properties/{escape(name)}", detail, "UNUSED_PARAMETER")


def _demands(schema: Mapping[str, Any], name: str) -> bool:
    """Whether callers must give it; a schema made of others is believed to say so."""
    return name in schema.get("required", ()) or not _MADE_OF_OTHERS.isdisjoint(schema)


def _uses(method: MethodSpec, name: str) -> bool:
    block = method.protocol
    if name in used_names(block) or name in _turned(method):
        return True
    if method.request_transform is not None:
        return _reads(method.request_transform, name)
    # Without a transform the rest is the body, or the query of what has none.
    return block["method"] not in BODY_METHODS or body_kind(block) != "none"


def _turned(method: MethodSpec) -> frozenset[str]:
    """The parameters that fetching the next page fills in."""
    pages = method.pagination or {}
    return frozenset(str(pages[key]) for key in ("param", "size_param") if key in pages)


def _reads(part: Any, name: str) -> bool:
    """Whether any text of a transform may mean this parameter: in doubt it does."""
    if isinstance(part, str):
        return bool(_WHOLE.search(part)) or name in part if _odd(name) else _mentions(part, name)
    if isinstance(part, Mapping):
        return "use" in part or any(_reads(value, name) for value in part.values())
    return isinstance(part, list) and any(_reads(item, name) for item in part)


def _odd(name: str) -> bool:
    return _WORD.fullmatch(name) is None


def _mentions(text: str, name: str) -> bool:
    return bool(_WHOLE.search(text)) or name in _WORD.findall(text)

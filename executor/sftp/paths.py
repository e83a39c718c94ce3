"""Paths on the server: filled from parameters, and never above the configured root."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from executor.http import template
from integration_hub.lib.errors import Fault, TargetForbidden, ValidationFailed

MAX_PATH = 4096
_CONTROL = re.compile("[\x00-\x1f\x7f\\\\]")


def filled(text: str, parameters: Mapping[str, Any]) -> str:
    """The path below the root that `text` and its parameters make; empty for the root itself.

    A slash in front means the root; a value may hold folders. Raises ValidationFailed for
    a value that is absent, and for one that would lead upwards.
    """
    for name in template.names_in(text):
        if parameters.get(name) in (None, ""):
            code = "FORMAT" if name in parameters else "REQUIRED"
            raise template.refused(name, "it is needed in the path and may not be empty.", code)
    whole = template.fill_text(text, parameters) or ""
    wrong = problem_of(whole)
    if wrong:
        names = list(template.names_in(text))
        if names:
            raise template.refused(names[0], f"it makes a path that is refused: {wrong}")
        raise ValidationFailed(f"The path is refused: {wrong}")
    return whole.strip("/")


def problem_of(path: str) -> str:
    """Why a path cannot be used; empty when it can."""
    if len(path) > MAX_PATH:
        return f"it is longer than {MAX_PATH} characters."
    if _CONTROL.search(path):
        return "it has a backslash or a control character."
    segments = path.strip("/").split("/")
    if not {".", ".."}.isdisjoint(segments):
        return "it has a '.' or '..' segment."
    if "" in segments[1:]:
        return "it has an empty segment ('//')."
    return ""


def template_faults(pointer: str, text: str) -> Iterator[Fault]:
    """What is wrong with a path as a definition has it."""
    wrong = problem_of(template.PLACE.sub("x", text))
    if wrong:
        yield Fault(pointer, f"The path is refused: {wrong}", "FORMAT")
    literal = template.PLACE.sub("", text)
    if "" in template.PLACE.findall(text) or {"{", "}"} & set(literal):
        yield Fault(pointer, "Braces enclose the name of one parameter: {name}.", "FORMAT")


def below(root: str, path: str) -> str:
    """`path` under `root`, both as the server spells them; `root` is absolute."""
    return f"{root.rstrip('/')}/{path}" if path else root


def parent_and_name(path: str) -> tuple[str, str]:
    """The folder and the last segment. Raises ValidationFailed for the root itself."""
    folder, _, name = path.rpartition("/")
    if not name:
        raise ValidationFailed("The operation needs a path below the root, not the root itself.")
    return folder, name


def require_within(root: str, real: str) -> str:
    """`real` if it lies in `root`. Raises TargetForbidden: a link on the server led out of it."""
    if root == "/" or real == root or real.startswith(root.rstrip("/") + "/"):
        return real
    raise TargetForbidden(
        "The path leads out of the configured root: a link on the server points elsewhere."
    )

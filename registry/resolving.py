"""Finding the base that a document extends, among what is published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import DefinitionNotFound, Fault, ValidationFailed
from registry.check import definition_resolvers
from registry.choices import EXECUTABLE_DEFINITIONS
from registry.extending import over
from registry.models import Definition
from registry.refs import parse_ref
from registry.selectors import get_definition

_DEEPEST = 10
_PLACE = "/extends"


def resolved(document: Any) -> Any:
    """The document with what it inherits and what it refers to; as it is where it does neither.

    Raises ValidationFailed, pointing at what does not fit or is not there.
    """
    whole = _inherited(document)
    for _, resolve in definition_resolvers:
        whole = resolve(whole)
    return whole


def _inherited(document: Any) -> Any:
    """With what it inherits, and `extends` naming the exact version used."""
    wanted = document.get("extends") if isinstance(document, Mapping) else None
    if not isinstance(wanted, str):
        return document
    base = _base(wanted)
    _refuse_cycle(document, base)
    if base.status not in EXECUTABLE_DEFINITIONS:
        raise _refused(_PLACE, f"{base.ref} is {base.status}: publish it first.", "NOT_PUBLISHED")
    if document.get("type") != base.type:
        detail = f"{base.ref} is of the adapter {base.type!r}: so must be what extends it."
        raise _refused("/type", detail, "ADAPTER_MISMATCH")
    return over(jsonsafe.loads(base.effective), document) | {"extends": base.ref}


def _base(wanted: str) -> Definition:
    if parse_ref(wanted, _PLACE).id is not None:
        raise _refused(_PLACE, "Name the base by slug@range, not by id.", "FORMAT")
    try:
        return get_definition(wanted, pointer=_PLACE)
    except DefinitionNotFound as error:
        raise _refused(_PLACE, error.detail, "UNKNOWN_DEFINITION") from None


def _refuse_cycle(document: Mapping[str, Any], base: Definition) -> None:
    """A definition may not be among its own ancestors, not even at another version."""
    chain, following = [base.slug], base
    while len(chain) <= _DEEPEST:
        if document.get("slug") in chain:
            detail = f"It would inherit from itself: {' → '.join(chain)}."
            raise _refused(_PLACE, detail, "CYCLE")
        above = jsonsafe.loads(following.effective).get("extends")
        if above is None:
            return
        following = get_definition(above, pointer=_PLACE)
        chain.append(following.slug)
    raise _refused(_PLACE, f"More than {_DEEPEST} definitions extend each other.", "TOO_DEEP")


def _refused(pointer: str, detail: str, code: str) -> ValidationFailed:
    return ValidationFailed(
        f"The definition cannot be resolved: {detail}", errors=[Fault(pointer, detail, code)]
    )

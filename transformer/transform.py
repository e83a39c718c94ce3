"""The value-transform contract and its catalog: one value to one value, inside a rule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from integration_hub.lib.catalog import Catalog
from integration_hub.lib.fields import Field


class ValueTransform(ABC):
    """Stateless. `apply` gets options already checked against `options`; it raises ValueError
    with a sentence that names what it takes, never the value.

    Null never comes here: it passes. A list comes item by item, unless `takes_lists`.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    options: ClassVar[tuple[Field, ...]] = ()
    takes_lists: ClassVar[bool] = False

    @abstractmethod
    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        """The new value."""

    def check(self, options: Mapping[str, Any]) -> str:
        """What is wrong with options that their schema cannot see; "" when nothing is."""
        return ""


transforms: Catalog[ValueTransform] = Catalog(
    "value transform", entry_point_group="integration_hub.transforms"
)


DIRECTION = Field("direction", schema={"enum": ["encode", "decode"]})
ANYTHING = ["null", "boolean", "number", "string", "array", "object"]
"""The `type` of an option that takes any JSON value."""


def choice(
    name: str, values: tuple[str, ...], *, default: str | None = None, says: str = ""
) -> Field:
    """An option that takes one of `values`; required where there is no default."""
    return Field(
        name, required=default is None, default=default, help=says, schema={"enum": list(values)}
    )


def list_only(value: Any) -> list[Any]:
    """The value, if it is a list. Raises ValueError."""
    if isinstance(value, list):
        return value
    raise ValueError("takes a list")


def text_only(value: Any) -> str:
    """The value, if it is text. Raises ValueError."""
    if isinstance(value, str):
        return value
    raise ValueError("takes text")

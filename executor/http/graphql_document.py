"""A method's GraphQL document: parsed once, its one operation and what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import GraphQLError, OperationType, parse
from graphql.language import NonNullTypeNode, OperationDefinitionNode

from integration_hub.lib.errors import Fault

MAX_TOKENS = 20_000


@dataclass(frozen=True, slots=True)
class Operation:
    """`variables` are those that it declares, `needed` those that it cannot do without."""

    name: str
    is_query: bool
    variables: frozenset[str]
    needed: frozenset[str]


class BadDocument(ValueError):
    """`place` is the member of the block that is wrong."""

    def __init__(self, detail: str, place: str = "query", code: str = "SYNTAX") -> None:
        super().__init__(detail)
        self.fault = Fault(f"/graphql/{place}", detail, code)


def operation_of(block: Mapping[str, Any]) -> Operation:
    """Raises BadDocument."""
    return _operation(str(block["query"]), str(block.get("operation_name", "")))


@lru_cache(maxsize=2_048)
def _operation(text: str, wanted: str) -> Operation:
    operations = {node.name.value if node.name else "": node for node in _operations(text)}
    if not operations:
        raise BadDocument("The document has no operation.", code="REQUIRED")
    if not wanted and len(operations) > 1:
        names = ", ".join(sorted(operations))
        raise BadDocument(f"Say which: {names}.", "operation_name", "REQUIRED")
    found = operations.get(wanted) if wanted else next(iter(operations.values()))
    if found is None:
        detail = f"The document has no operation of that name; it has {', '.join(operations)}."
        raise BadDocument(detail, "operation_name", "UNKNOWN")
    if found.operation is OperationType.SUBSCRIPTION:
        raise BadDocument("A subscription has no single answer.", code="NOT_SUPPORTED")
    variables = found.variable_definitions or ()
    return Operation(
        name=found.name.value if found.name else "",
        is_query=found.operation is OperationType.QUERY,
        variables=frozenset(node.variable.name.value for node in variables),
        needed=frozenset(
            node.variable.name.value
            for node in variables
            if isinstance(node.type, NonNullTypeNode) and node.default_value is None
        ),
    )


def _operations(text: str) -> Iterator[OperationDefinitionNode]:
    try:
        document = parse(text, no_location=True, max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        where = error.locations[0] if error.locations else None
        place = f" (line {where.line}, column {where.column})" if where else ""
        raise BadDocument(f"{error.message}{place}") from None
    except RecursionError:
        raise BadDocument("The document is nested too deeply.") from None
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            yield node

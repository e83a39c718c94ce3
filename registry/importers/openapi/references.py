"""`$ref` inside one document: followed, never fetched, never for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib import pointers
from registry.importer import LeftOut

_LONGEST_CHAIN = 20


class References:
    """Looks references up in `root`."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root

    def target(self, reference: Any) -> Any:
        """What stands there. Raises LeftOut for a reference out of the document or to nowhere."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise LeftOut(
                f"It refers to {str(reference)[:200]!r}: a reference must stay inside the "
                "document (#/…), nothing is fetched. Bundle the document first."
            )
        node: Any = self.root
        for segment in pointers.split(reference[1:]):
            if isinstance(node, Mapping) and segment in node:
                node = node[segment]
            elif isinstance(node, list) and segment.isdigit() and int(segment) < len(node):
                node = node[int(segment)]
            else:
                raise LeftOut(f"It refers to {reference[:200]!r}, and nothing stands there.")
        return node

    def solid(self, node: Any) -> Mapping[str, Any]:
        """The object that `node` is or refers to, through chains. Raises LeftOut."""
        for _ in range(_LONGEST_CHAIN):
            if not isinstance(node, Mapping):
                raise LeftOut("Something that should be an object is none.")
            if "$ref" not in node:
                return node
            node = self.target(node["$ref"])
        raise LeftOut("Its references lead in a circle.")

"""What people and machines are told of a merge of an import with local edits."""

from __future__ import annotations

from typing import Any

from integration_hub.lib import jsonsafe
from integration_hub.lib.clock import rfc3339
from integration_hub.lib.three_way import ABSENT, Difference
from registry.reimport_services import Reimported

JSONObject = dict[str, Any]
_MOST = 1_000
_LONGEST = 500


def merge_report(found: Reimported) -> JSONObject:
    """Places as JSON text, cut; at most 1,000 of a kind."""
    merged = found.merged
    return {
        "with": found.against.ref,
        "base_imported_at": rfc3339(found.base_imported_at),
        "conflicts": [
            _difference(item) | {"kept": "theirs" if item.pointer in merged.taken else "ours"}
            for item in merged.conflicts[:_MOST]
        ],
        "changes": [_difference(item) for item in merged.theirs[:_MOST]],
        "edits": [_difference(item) for item in merged.ours[:_MOST]],
    }


def _difference(item: Difference) -> JSONObject:
    sides = {"base": item.base, "ours": item.ours, "theirs": item.theirs}
    return {"pointer": item.pointer} | {name: _text(value) for name, value in sides.items()}


def _text(value: Any) -> str | None:
    if value is ABSENT:
        return None
    text = jsonsafe.dumps_text(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"

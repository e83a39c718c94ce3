"""Documents and configs for people: tables and text, everything escaped."""

from __future__ import annotations

import json
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from integration_hub.lib import jsonsafe
from registry.building import spec_of_text
from registry.definition_checks import required_parameters
from registry.models import Definition
from registry.spec import MethodSpec
from registry.yaml_writer import dump

_MOST_METHODS = 200


def methods_table(row: Definition) -> SafeString:
    """The methods: name, what it does, what it takes, how it is called."""
    spec = spec_of_text(row.document)
    methods = list(spec.methods.values())
    lines = format_html_join(
        "",
        "<tr><td><strong>{}</strong></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (m.name, m.description, m.risk, _parameters(m), _called(m))
            for m in methods[:_MOST_METHODS]
        ),
    )
    rest = len(methods) - _MOST_METHODS
    more = format_html("<p>… and {} more.</p>", rest) if rest > 0 else ""
    return format_html(
        '<div style="overflow-x:auto"><table class="hub-table"><thead><tr><th>Method</th>'
        "<th>Description</th><th>Risk</th><th>Parameters</th><th>Call</th></tr></thead>"
        "<tbody>{}</tbody></table></div>{}",
        lines,
        more,
    )


def preformatted(text: str) -> SafeString:
    return format_html(
        '<pre style="overflow-x:auto; max-height:32rem; font-size:.8125rem">{}</pre>', text
    )


def as_yaml(document: str) -> str:
    """A stored JSON text as YAML."""
    return dump(jsonsafe.loads(document)).decode()


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _parameters(method: MethodSpec) -> str:
    schema = method.param_schema if isinstance(method.param_schema, dict) else {}
    required = set(required_parameters(method))
    names = [f"{name}*" if name in required else name for name in schema.get("properties", {})]
    return ", ".join(names) or "—"


def _called(method: MethodSpec) -> str:
    parts = [str(method.protocol[key]) for key in ("method", "path") if key in method.protocol]
    return " ".join(parts)

"""Documents and configs for people: tables and text, everything escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.utils import display_for_label

from integration_hub.lib import jsonsafe
from integration_hub.lib.yaml_writer import dump
from registry.building import spec_of_text
from registry.definition_checks import required_parameters
from registry.models import Definition, Instance
from registry.spec import MethodSpec

_MOST_METHODS = 5_000
_FEW = 10
_LONGEST_CELL = 200
_MOST_USERS = 20
_FINDER = mark_safe(  # nosec B308 B703 - a constant
    '<div class="reg-bar"><label>Find <input type="search" data-filter="methods" '
    'placeholder="name, path or words"></label>'
    '<output class="reg-count" data-count="methods"></output></div>'
)


def badge(value: str, words: str, colours: Mapping[Any, str]) -> SafeString:
    """A state as lists and pages show it."""
    shown: SafeString = display_for_label((value, words), "", colours)
    return shown


def methods_table(row: Definition) -> SafeString:
    """The methods: name, what it does, what it takes, how it is called; many can be searched."""
    spec = spec_of_text(row.effective)
    methods = list(spec.methods.values())
    lines = format_html_join(
        "",
        "<tr><td><strong>{}</strong></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (m.name, _beginning(m.description), m.risk, _beginning(_parameters(m)), _called(m))
            for m in methods[:_MOST_METHODS]
        ),
    )
    rest = len(methods) - _MOST_METHODS
    more = format_html("<p>… and {} more.</p>", rest) if rest > 0 else ""
    return format_html(
        '<div class="hub-unlabelled">{}<div class="hub-scroll reg-rows" tabindex="0">'
        '<table class="hub-table" id="methods"><thead><tr><th>Method</th><th>Description</th>'
        "<th>Risk</th><th>Parameters</th><th>Call</th></tr></thead><tbody>{}</tbody></table></div>"
        "{}</div>",
        _FINDER if len(methods) > _FEW else "",
        lines,
        more,
    )


def schemas_table(schemas: Sequence[Mapping[str, Any]]) -> SafeString:
    """The members that JSON schemas name, as one table; the schemas themselves fold out."""
    members: dict[str, dict[str, Any]] = {}
    required: set[str] = set()
    for schema in schemas:
        required.update(schema.get("required", ()))
        for name, member in schema.get("properties", {}).items():
            members.setdefault(name, {}).update(member if isinstance(member, dict) else {})
    raw = preformatted("\n\n".join(as_json(schema) for schema in schemas))
    return format_html(
        '<div class="hub-scroll" tabindex="0"><table class="hub-table"><thead><tr><th>Member</th>'
        "<th>Type</th><th>Default</th><th>What it is</th></tr></thead><tbody>{}</tbody></table>"
        '</div><details class="hub-table-toggle"><summary>The same as JSON schemas</summary>{}'
        "</details>",
        format_html_join(
            "",
            "<tr><td><strong>{}</strong>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            ((name, "*" if name in required else "", *_row(m)) for name, m in members.items()),
        ),
        raw,
    )


def used_by(row: Definition) -> str:
    """The instances of a definition, each a link to its page."""
    rows = list(Instance.objects.filter(definition=row).order_by("slug")[: _MOST_USERS + 1])
    links = format_html_join(
        ", ",
        '<a class="text-link" href="{}">{}</a>',
        (
            (reverse("admin:registry_instance_change", args=[one.pk]), one.slug)
            for one in rows[:_MOST_USERS]
        ),
    )
    return format_html("{}{}", links, " and more" if len(rows) > _MOST_USERS else "") or "no one"


def preformatted(text: str) -> SafeString:
    """Text as it is, cut in height and never wider than its page."""
    return format_html('<pre class="hub-code" tabindex="0">{}</pre>', text)


def as_yaml(document: str) -> str:
    """A stored JSON text as YAML."""
    return dump(jsonsafe.loads(document)).decode()


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _row(member: Mapping[str, Any]) -> tuple[str, str, str]:
    kind = member.get("type", "")
    words = ", ".join(kind) if isinstance(kind, list) else str(kind)
    if "enum" in member:
        words = " | ".join(jsonsafe.dumps_text(value) for value in member["enum"])
    default = jsonsafe.dumps_text(member["default"]) if "default" in member else "—"
    return words or "any", default, str(member.get("description") or member.get("title") or "—")


def _beginning(text: str) -> str:
    """Enough of a text for a line of a table: an import may bring pages of it."""
    return text if len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + "…"


def _parameters(method: MethodSpec) -> str:
    schema = method.param_schema if isinstance(method.param_schema, dict) else {}
    required = set(required_parameters(method))
    names = [f"{name}*" if name in required else name for name in schema.get("properties", {})]
    return ", ".join(names) or "—"


def _called(method: MethodSpec) -> str:
    parts = [str(method.protocol[key]) for key in ("method", "path") if key in method.protocol]
    return " ".join(parts)

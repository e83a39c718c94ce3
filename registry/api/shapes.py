"""What the registry answers, as JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integration_hub.lib import jsonsafe
from integration_hub.lib.clock import rfc3339
from integration_hub.lib.resilience.options import LimitOptions
from registry.adapter_manager import AdapterStatus
from registry.building import spec_of_text
from registry.check import warnings_of
from registry.compatibility import Report
from registry.config import config_faults
from registry.models import Definition, Instance
from registry.recorded import Differs
from registry.spec import DefinitionSpec, MethodSpec
from registry.tls import is_verified
from registry.upgrades import UpgradePreview

JSONObject = dict[str, Any]


def definition(row: Definition) -> JSONObject:
    """The document with what the registry knows of it."""
    return jsonsafe.loads(row.document) | definition_readonly(row)  # type: ignore[no-any-return]  # a document is an object


def definition_summary(row: Definition) -> JSONObject:
    """One line of a list: the document stays where it is."""
    return {
        "slug": row.slug,
        "version": row.version,
        "name": row.name,
        "type": row.type,
        "description": row.description,
        "tags": [tag for tag in row.tags.split(",") if tag],
        "sunset": row.sunset.isoformat() if row.sunset else None,
        **definition_facts(row),
    }


def method(spec: DefinitionSpec, item: MethodSpec) -> JSONObject:
    """What a form or an agent needs to call one method."""
    return {
        "name": item.name,
        "definition": spec.ref,
        "description": item.description,
        "risk": item.risk,
        "idempotent": item.idempotent,
        "idempotency_header": item.idempotency_header or None,
        "timeout_ms": item.timeout_ms,
        "param_schema": item.param_schema,
        "result_schema": item.result_schema,
        "sensitive": list(item.sensitive),
        "examples": [dict(example) for example in item.examples],
        "cache_seconds": item.cache_seconds,
        "rate_limit": _limits(item.limits),
        "max_attempts": item.retry.max_attempts,
    }


def schemas(spec: DefinitionSpec) -> JSONObject:
    """Every schema of a definition in one answer."""
    return {
        "definition": spec.ref,
        "config_schema": spec.config_schema,
        "methods": {
            name: {"param_schema": item.param_schema, "result_schema": item.result_schema}
            for name, item in spec.methods.items()
        },
    }


def instance(row: Instance) -> JSONObject:
    config, overrides = jsonsafe.loads(row.config), jsonsafe.loads(row.overrides)
    return {
        "id": str(row.pk),
        "slug": row.slug,
        "name": row.name,
        "definition": row.definition.ref,
        "definition_id": str(row.definition_id),
        "definition_status": row.definition.status,
        "previous_version": row.previous_version or None,
        "type": row.definition.type,
        "config": config,
        "config_errors": _config_errors(row, config),
        "context": {"type": row.context_type, "id": row.context_id or None},
        "labels": jsonsafe.loads(row.labels),
        "overrides": overrides,
        "tls_verified": is_verified(overrides),
        "enabled": row.enabled,
        "state": row.state,
        "state_reason": row.state_reason,
        "state_since": _moment(row.state_since),
        "health": row.health,
        "health_reason": row.health_reason,
        "health_since": _moment(row.health_since),
        "created_at": _moment(row.created_at),
        "updated_at": _moment(row.updated_at),
    }


def upgrade_preview(preview: UpgradePreview) -> JSONObject:
    return {
        "dry_run": True,
        "from": preview.from_ref,
        "to": preview.to_ref,
        "ok": not preview.errors,
        "config": preview.config,
        "errors": [fault.as_dict() for fault in preview.errors],
        "authentication": preview.authentication or None,
        "calls": {
            "checked": preview.calls.checked,
            "different": [_differs(item) for item in preview.calls.different],
        },
    }


def _differs(item: Differs) -> JSONObject:
    return {
        "execution_id": str(item.execution_id),
        "method": item.method,
        "part": item.part,
        "errors": [fault.as_dict() for fault in item.faults],
    }


def compatibility(old: Definition, new: Definition, report: Report) -> JSONObject:
    return {
        "definition": new.ref,
        "against": old.ref,
        "verdict": report.verdict.value,
        "honest": report.honest,
        "changes": [change.as_dict() for change in report.changes],
    }


def adapter(status: AdapterStatus) -> JSONObject:
    return {
        "type": status.type,
        "title": status.title,
        "version": status.version,
        "state": str(status.state),
        "reason": status.reason,
        "package": status.package,
        "supported_auth": list(status.supported_auth),
        "config_schema": status.config_schema,
        "method_schema": status.method_schema,
    }


def definition_facts(row: Definition) -> JSONObject:
    """What the registry adds to a document: read-only."""
    return {
        "id": str(row.pk),
        "status": row.status,
        "created_at": _moment(row.created_at),
        "updated_at": _moment(row.updated_at),
        "published_at": _moment(row.published_at),
    }


def definition_readonly(row: Definition) -> JSONObject:
    """With the whole document where this one inherits; for one row, not for lists."""
    whole = {"resolved": jsonsafe.loads(row.resolved)} if row.resolved else {}
    return definition_facts(row) | whole


def warnings(row: Definition) -> list[dict[str, str]]:
    """What is right in a definition and still wants a look."""
    return [fault.as_dict() for fault in warnings_of(spec_of_text(row.effective))]


def _config_errors(row: Instance, config: Mapping[str, Any]) -> list[dict[str, str]]:
    spec = spec_of_text(row.definition.effective)
    return [fault.as_dict() for fault in config_faults(spec, config)]


def _limits(limits: LimitOptions) -> JSONObject | None:
    if not limits.requests and not limits.max_concurrency:
        return None
    return {
        "requests": limits.requests,
        "per_seconds": limits.per_seconds,
        "burst": limits.burst,
        "max_concurrency": limits.max_concurrency,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)

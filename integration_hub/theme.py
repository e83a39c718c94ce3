"""How the admin looks: names, navigation, our style sheet and script, for django-unfold."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def style_sheet(_request: HttpRequest) -> str:
    return static("hub/admin.css")


def script(_request: HttpRequest) -> str:
    return static("hub/admin.js")


def keyboard(_request: HttpRequest) -> str:
    return static("hub/keyboard.js")


def favicon(_request: HttpRequest) -> str:
    return static("hub/favicon.svg")


def _link(title: str, icon: str, page: str, right: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(page if ":" in page else f"admin:{page}"),
        "permission": lambda request: request.user.has_perm(right),
    }


def _item(title: str, icon: str, model: str) -> dict[str, Any]:
    app, _, name = model.partition("_")
    return _link(title, icon, f"{model}_changelist", f"{app}.view_{name}")


def _group(title: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(items)}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Integration Hub",
    "SITE_HEADER": "Integration Hub",
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": favicon}],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": False,
    "STYLES": [style_sheet],
    "SCRIPTS": [script, keyboard],
    "DASHBOARD_CALLBACK": "integration_hub.monitoring.dashboard.context",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "",
                "items": [
                    {
                        "title": "Home",
                        "icon": "space_dashboard",
                        "link": reverse_lazy("admin:index"),
                    }
                ],
            },
            _group(
                "Integrations",
                _item("Instances", "cable", "registry_instance"),
                _item("Definitions", "description", "registry_definition"),
                _link(
                    "Import a definition",
                    "upload_file",
                    "registry_definition_import",
                    "registry.add_definition",
                ),
                _link("Transforms", "transform", "transformer:editor", "registry.view_definition"),
                _item("Transform library", "transform", "transformer_namedtransform"),
                _link(
                    "Convert a file",
                    "swap_horiz",
                    "convert:file",
                    "registry.view_definition",
                ),
                _item("Credentials", "key", "credentials_credential"),
                _item("Adapters", "toggle_on", "registry_adapterswitch"),
            ),
            _group(
                "Activity",
                _link(
                    "Try a method", "play_arrow", "executor_execution_try", "executor.add_execution"
                ),
                _link("Errors", "error", "executor_execution_errors", "executor.view_execution"),
                _item("Maintenance and silences", "notifications_off", "executor_healthsilence"),
                _item("Executions", "receipt_long", "executor_execution"),
                _link("Live log", "stream", "executor_execution_live", "events.view_event"),
                _item("Received webhooks", "webhook", "inbound_receivedhook"),
                _item("Webhook secrets", "vpn_key", "inbound_hooksecret"),
                _item("Parked messages", "inventory_2", "inbound_parkedmessage"),
                _item("Events", "campaign", "events_event"),
                _item("Event sinks", "move_to_inbox", "events_eventsink"),
            ),
            _group(
                "Access",
                _item("Tokens", "token", "access_token"),
                _item("Users", "person", "auth_user"),
                _item("Groups", "group", "auth_group"),
                _item("Audit", "policy", "audit_auditentry"),
                {
                    "title": "Doctor",
                    "icon": "stethoscope",
                    "link": reverse_lazy("doctor"),
                    "permission": lambda request: request.user.is_superuser,
                },
            ),
        ],
    },
}

"""How the admin looks: names, navigation and our one style sheet, for django-unfold."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def style_sheet(request: HttpRequest) -> str:
    return static("hub/admin.css")


def _item(title: str, icon: str, model: str) -> dict[str, Any]:
    app = model.partition("_")[0]
    right = f"{app}.view_{model.partition('_')[2]}"
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model}_changelist"),
        "permission": lambda request: request.user.has_perm(right),
    }


def _group(title: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(items)}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Integration Hub",
    "SITE_HEADER": "Integration Hub",
    "SITE_SYMBOL": "hub",
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": False,
    "STYLES": [style_sheet],
    "DASHBOARD_CALLBACK": "integration_hub.monitoring.dashboard.context",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "",
                "items": [
                    {"title": "Home", "icon": "space_dashboard", "link": reverse_lazy("admin:index")}
                ],
            },
            _group(
                "Integrations",
                _item("Instances", "cable", "registry_instance"),
                _item("Definitions", "description", "registry_definition"),
                _item("Credentials", "key", "credentials_credential"),
            ),
            _group(
                "Activity",
                _item("Executions", "play_circle", "executor_execution"),
                _item("Events", "campaign", "events_event"),
                _item("Event sinks", "move_to_inbox", "events_eventsink"),
            ),
            _group(
                "Access",
                _item("Tokens", "token", "access_token"),
                _item("Users", "person", "auth_user"),
                _item("Groups", "group", "auth_group"),
                _item("Audit", "policy", "audit_auditentry"),
            ),
        ],
    },
}

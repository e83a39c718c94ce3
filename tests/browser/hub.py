"""The hub that the browser looks at: real processes, a database of its own, things to see."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults.database import own_database
from tests.faults.rig import Rig
from tests.journeys.steps import CANARY
from tests.journeys.steps import DEFINITION as DEMO

ADMIN, PASSWORD = "alice", "Correct-Horse-7-Battery"
SCRIPTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "{{ 7*7 }}<svg/onload=alert(3)>",
    "javascript:alert(4)",
)
HOSTILE = " ".join(SCRIPTS)

ORDERS: dict[str, Any] = {
    "slug": "orders",
    "name": "Order service",
    "description": "Orders, contacts and deliveries of the warehouse.",
    "version": "1.0.0",
    "type": "http",
    "tags": ["warehouse"],
    **{key: DEMO[key] for key in ("config_schema", "auth", "health_check")},
    "methods": {
        **{name: DEMO["methods"][name] for name in ("ping", "get_order", "reset")},
        "create_contact": {
            **DEMO["methods"]["create_contact"],
            "description": "Create a contact in a list",
            "examples": [{"parameters": {"list_id": "7", "email": "ann@example.com"}}],
        },
        "broken": {
            "description": "Answers 503",
            "http": {"method": "GET", "path": "/status/503"},
            "retry": {"max_attempts": 2, "initial_delay_ms": 1},
        },
    },
}
STRANGE: dict[str, Any] = {
    "slug": "strange",
    "name": f"Strange {HOSTILE}",
    "description": HOSTILE,
    "version": "1.0.0",
    "type": "http",
    "config_schema": DEMO["config_schema"],
    "webhook": {"verify": "none", "event_type": "body.text", "then": "execute", "method": "count"},
    "methods": {
        "echo": {
            "description": HOSTILE,
            "http": {"method": "POST", "path": "/echo", "body": "json"},
            "param_schema": {
                "type": "object",
                "properties": {"text": {"type": "string", "description": HOSTILE}},
            },
            "examples": [{"parameters": {"text": HOSTILE}}],
        },
        "count": {
            "description": "Fails, because what comes back is no number",
            "http": {"method": "POST", "path": "/echo", "body": "json"},
            "response_transform": {
                "rules": [{"source": "json.text", "target": "count", "type": "integer"}]
            },
        },
        "away": {
            "description": "Fails with the hostile text in a header of the answer",
            "http": {"method": "GET", "path": "/redirect", "query": {"to": "{to}"}},
        },
    },
}


class BrowserHub(Rig):
    """`ids` are the primary keys of the instances, by slug; `executions` those of the calls."""

    ids: dict[str, str]
    executions: dict[str, str]

    def start(self) -> BrowserHub:
        self.start_upstream()
        self.start_hub()
        self._make_admin()
        rights = ("manage", "execute", "credentials")
        scopes = [part for right in rights for part in ("--scope", right)]
        self.token = self.manage("create_token", "Browser tests", *scopes).strip()
        self.ids = {
            "orders": self.connect(ORDERS, "Order service"),
            "strange": self.connect(STRANGE, f"Strange {HOSTILE}"),
        }
        secret = {"type": "bearer", "data": {"token": CANARY}}
        self.must("PUT", "/instances/orders/credentials", secret, 201)
        contact = {"list_id": "7", "email": "ann@example.com", "name": "Ann"}
        hostile = {"text": HOSTILE, "to": HOSTILE}
        self.executions = {
            "good": self.run("orders", "create_contact", contact),
            "failed": self.run("orders", "broken", {}),
            "unknown": self.run("orders", "reset", {}),
            "echo": self.run("strange", "echo", hostile),
            "count": self.run("strange", "count", hostile),
            "away": self.run("strange", "away", {"to": HOSTILE}),
        }
        self.must("POST", "/hooks/strange", hostile, 200)
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self, definition: dict[str, Any], name: str) -> str:
        """The id of a new instance that has the definition's slug."""
        slug = definition["slug"]
        self.must("POST", "/definitions", definition, 201)
        self.must("POST", f"/definitions/{slug}@1.0.0/publish", {}, 200)
        config = {"base_url": f"http://127.0.0.1:{self._upstream_port}"}
        body = {"definition": f"{slug}@^1", "slug": slug, "name": name, "config": config}
        return str(self.must("POST", "/instances", body, 201)["id"])

    def run(self, instance: str, method: str, parameters: dict[str, Any]) -> str:
        """The id of the execution, however it ended."""
        path = f"/api/v1/instances/{instance}/methods/{method}/execute"
        _, answer = self.call("POST", path, {"parameters": parameters})
        return str(answer["execution_id"])

    def _make_admin(self) -> None:
        self.env["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
        arguments = ("--noinput", "--username", ADMIN, "--email", "alice@example.com")
        self.manage("createsuperuser", *arguments)
        del self.env["DJANGO_SUPERUSER_PASSWORD"]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[BrowserHub]:
    """On PostgreSQL where DATABASE_URL names one, else on SQLite in `folder`."""
    on_postgres = os.environ.get("DATABASE_URL", "").startswith("postgres")
    sqlite = contextlib.nullcontext(f"sqlite:///{folder}/hub.sqlite3")
    with own_database() if on_postgres else sqlite as database_url:
        hub = BrowserHub(folder, database_url, workers=1, HUB_STATUS_PAGE="true")
        try:
            yield hub.start()
        finally:
            hub.stop()

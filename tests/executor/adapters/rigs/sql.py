"""The file database works everywhere; the way to a server is PostgreSQL's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.test import override_settings

from integration_hub.egress.door import Login
from registry.adapter import adapters
from registry.conformance import Rig, Try, Wrong

PASSWORD = "password-of-the-rig"


@contextmanager
def rig() -> Iterator[Rig]:
    with TemporaryDirectory() as folder, override_settings(HUB_SQLITE_DIR=Path(folder)):
        with closing(sqlite3.connect(Path(folder) / "crm.sqlite3")) as client, client:
            client.execute("CREATE TABLE contact (id INTEGER PRIMARY KEY, name TEXT)")
        yield Rig(
            adapter=adapters.get("sql"),
            config={"dialect": "sqlite", "database": "crm.sqlite3"},
            at=lambda host, port: {
                "dialect": "postgresql",
                "host": host,
                "port": port,
                "database": "crm",
                "tls": "off",
            },
            works=Try(block={"statement": "SELECT id, name FROM contact"}),
            changes=Try(
                block={"statement": "INSERT INTO contact (name) VALUES ('x')", "mode": "write"}
            ),
            wrong=(Wrong(block={"statement": "DROP TABLE contact"}, pointer="/sql/statement"),),
            greets=True,
            login=Login("hub", PASSWORD, secrets=(PASSWORD,)),
            secrets=(PASSWORD,),
        )

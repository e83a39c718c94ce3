"""A MariaDB of the tests' own, with TLS: a process with an empty folder, up in half a second."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pymysql
import pytest

from tests.certificates import Authority
from tests.services import free_port


def mariadbd() -> str | None:
    return shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class OwnMariaDB:
    """Without grant tables: every login is taken. Its certificate is for 127.0.0.1."""

    def __init__(self, authority: Authority) -> None:
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="hub-mariadb-")
        self._authority = authority
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> OwnMariaDB:
        folder = Path(self._folder.name)
        key, certificate = self._authority.leaf("127.0.0.1")
        (folder / "key.pem").write_text(key)
        (folder / "certificate.pem").write_text(certificate)
        arguments = [
            mariadbd(),
            "--no-defaults",
            "--skip-grant-tables",
            "--skip-log-bin",
            "--skip-networking=0",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            f"--socket={folder}/socket",
            f"--pid-file={folder}/pid",
            f"--datadir={folder}",
            f"--ssl-cert={folder}/certificate.pem",
            f"--ssl-key={folder}/key.pem",
            "--innodb-buffer-pool-size=16M",
            "--innodb-log-file-size=8M",
            "--innodb-flush-log-at-trx-commit=0",
        ]
        if os.geteuid() == 0:
            arguments.append("--user=root")
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(arguments, stdout=log, stderr=log)
        end = time.monotonic() + 30
        while not self._answers():
            if time.monotonic() > end or self._process.poll() is not None:
                said = (folder / "log").read_text(errors="replace")[-1000:]
                pytest.fail(f"MariaDB did not start: {said}")
            time.sleep(0.05)
        return self

    def run(self, *statements: str) -> None:
        with self._client() as client, client.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            client.commit()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def _client(self) -> pymysql.Connection:
        return pymysql.connect(host="127.0.0.1", port=self.port, user="root", ssl_disabled=True)

    def _answers(self) -> bool:
        try:
            self._client().close()
        except pymysql.MySQLError:
            return False
        return True

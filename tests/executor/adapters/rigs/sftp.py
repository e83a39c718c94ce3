from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from integration_hub.egress.door import Login
from registry.adapter import adapters
from registry.conformance import Rig, Try, Wrong
from tests.sftp_server import PASSWORD, USER, SftpUpstream


@contextmanager
def rig() -> Iterator[Rig]:
    with TemporaryDirectory() as folder:
        server = SftpUpstream(Path(folder))
        key = {"host_key": server.pin}
        try:
            yield Rig(
                adapter=adapters.get("sftp"),
                config={"host": "127.0.0.1", "port": server.port, **key},
                at=lambda host, port: {"host": host, "port": port, **key},
                works=Try(block={"operation": "list", "path": "/"}),
                changes=Try(block={"operation": "mkdir", "path": "/new"}),
                wrong=(Wrong(block={"operation": "rename", "path": "/a"}, pointer="/sftp/to"),),
                login=Login(USER, PASSWORD, secrets=(PASSWORD,)),
                secrets=(PASSWORD,),
                greets=True,
            )
        finally:
            server.stop()

"""Servers of the tests' own, which a test may stop and start again at the same port."""

from __future__ import annotations

import contextlib
import getpass
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.needs import need
from tests.rabbitmq import own_node
from tests.services import free_port


class Server:
    """`start` and `stop` as often as wanted; what it stored stays where it stores at all.

    With a `leaf` (private key and certificate as PEM) it speaks TLS at `tls_port` too.
    """

    program = ""

    def __init__(self, folder: Path, leaf: tuple[str, str] | None = None) -> None:
        self.folder, self.port, self.tls_port = folder, free_port(), free_port()
        self.key, self.certificate = folder / "key.pem", folder / "certificate.pem"
        self.secured = leaf is not None
        self._process: subprocess.Popen[bytes] | None = None
        if leaf is not None:
            for path, text in zip((self.key, self.certificate), leaf, strict=True):
                path.write_text(text)

    def arguments(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        found = shutil.which(self.program) or shutil.which(self.program, path="/usr/sbin:/usr/bin")
        need(found is not None, self.program)
        self._process = subprocess.Popen(
            [found, *self.arguments()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 20
        while not self._listens():
            assert self._process.poll() is None, f"{self.program} ended at once"
            assert time.monotonic() < end, f"{self.program} did not start"
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        return False


class Redis(Server):
    program = "redis-server"

    def arguments(self) -> list[str]:
        kept = ["--appendonly", "yes", "--appendfsync", "always", "--dir", str(self.folder)]
        if self.secured:
            files = ["--tls-cert-file", str(self.certificate), "--tls-key-file", str(self.key)]
            kept += ["--tls-port", str(self.tls_port), "--tls-auth-clients", "no", *files]
        return ["--port", str(self.port), "--bind", "127.0.0.1", *kept]


class Nats(Server):
    program = "nats-server"

    def arguments(self) -> list[str]:
        kept = ["-js", "-a", "127.0.0.1", "-p", str(self.port), "-sd", str(self.folder)]
        if self.secured:  # one port for both: TLS begins after the server's first words
            self.tls_port = self.port
            config = self.folder / "nats.conf"
            files = f'cert_file: "{self.certificate}", key_file: "{self.key}"'
            config.write_text(f"tls {{ {files} }}\nallow_non_tls: true\n")
            kept += ["-c", str(config)]
        return kept


class Mosquitto(Server):
    program = "mosquitto"

    def arguments(self) -> list[str]:
        config = self.folder / "mosquitto.conf"
        said = f"user {getpass.getuser()}\nlistener {self.port} 127.0.0.1\nallow_anonymous true\n"
        if self.secured:
            files = f"certfile {self.certificate}\nkeyfile {self.key}\n"
            said += f"listener {self.tls_port} 127.0.0.1\nallow_anonymous true\n{files}"
        config.write_text(said)
        return ["-c", str(config)]


class Rabbit(Server):
    def __init__(self, folder: Path, leaf: tuple[str, str] | None = None) -> None:
        super().__init__(folder, leaf)
        self._running = contextlib.ExitStack()

    def start(self) -> None:
        config = (
            f"listeners.ssl.default = {self.tls_port}\nssl_options.certfile = {self.certificate}\n"
            f"ssl_options.keyfile = {self.key}\nssl_options.verify = verify_none\n"
        )
        node = own_node(self.folder, self.port, config if self.secured else "")
        self._running.enter_context(node)

    def stop(self) -> None:
        self._running.close()

"""Servers of the tests' own, which a test may stop and start again at the same port."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.needs import need
from tests.rabbitmq import own_node
from tests.services import free_port


class Server:
    """`start` and `stop` as often as wanted; what it stored stays where it stores at all."""

    program = ""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None

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
        return ["--port", str(self.port), "--bind", "127.0.0.1", *kept]


class Nats(Server):
    program = "nats-server"

    def arguments(self) -> list[str]:
        return ["-js", "-a", "127.0.0.1", "-p", str(self.port), "-sd", str(self.folder)]


class Mosquitto(Server):
    program = "mosquitto"

    def arguments(self) -> list[str]:
        config = self.folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        return ["-c", str(config)]


class Rabbit(Server):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._running = contextlib.ExitStack()

    def start(self) -> None:
        self._running.enter_context(own_node(self.folder, self.port))

    def stop(self) -> None:
        self._running.close()

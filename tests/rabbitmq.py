"""RabbitMQ for the tests: the one that runs here, else a node of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.needs import need

LOCAL = 5672
_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_START_SECONDS = 120.0


def answers(port: int) -> bool:
    """Whether a broker speaks AMQP 0-9-1 there: it answers a header that is none with its own."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as sock:
            sock.sendall(b"AMQP\x09\x09\x09\x09")
            return sock.recv(8) == b"AMQP\x00\x00\x09\x01"
    except OSError:
        return False


def known_port() -> int | None:
    """The broker that this run has; None where there is none."""
    port = int(os.environ.get("AMQP_PORT", LOCAL))
    return port if answers(port) else None


def required_port() -> int:
    """The same for a test, which is skipped without one, but not where one was promised."""
    found = known_port()
    if found is None and "AMQP_PORT" in os.environ:
        pytest.fail(f"No RabbitMQ answers at port {os.environ['AMQP_PORT']}.")
    if found is None:
        pytest.skip("no RabbitMQ runs here; python -m tests.services --broker --run brings one")
    return found


@contextlib.contextmanager
def rabbitmq() -> Iterator[int]:
    """The port of a broker that takes guest/guest; it fails when none can be had."""
    if (port := known_port()) is not None:
        yield port
        return
    if not _SERVER.exists():
        sys.exit("RabbitMQ is needed and not there: install the package rabbitmq-server.")
    with tempfile.TemporaryDirectory(prefix="hub-rabbit-") as folder, _node(Path(folder)) as port:
        yield port


@contextlib.contextmanager
def own_node(folder: Path, port: int, config: str = "") -> Iterator[int]:
    """A node of the test's own at `port`; started again on the same folder it has what it had.

    `config` is what rabbitmq.conf says.
    """
    need(_SERVER.exists(), "rabbitmq-server")
    with _node(folder, port, name="hubown", config=config) as found:
        yield found


@contextlib.contextmanager
def _node(folder: Path, at: int | None = None, name: str = "", config: str = "") -> Iterator[int]:
    port, distribution, mapper = _free_ports(3)
    port = at or port
    (folder / "plugins").write_text("[].")
    (folder / "own.conf").write_text(config)
    environment = os.environ | {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"{name or 'hub'}{os.getpid()}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "own.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "ERL_EPMD_PORT": str(mapper),
    }
    # Erlang would leave a port mapper of its own behind.
    names = subprocess.Popen(["epmd", "-port", str(mapper)], stdout=subprocess.DEVNULL)
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [str(_SERVER)], env=environment, stdout=out, stderr=out, start_new_session=True
        )
    try:
        _await(port, process, folder / "out")
        yield port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        names.kill()
        names.wait()


def _await(port: int, process: subprocess.Popen[bytes], out: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while not answers(port):
        if time.monotonic() > end or process.poll() is not None:
            said = out.read_text(errors="replace")[-1000:]
            sys.exit(f"RabbitMQ did not start: {said}")
        time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]

"""Only integration_hub.egress opens connections to outside: every other way is forbidden."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("integration_hub", "registry", "credentials", "executor", "transformer")
EGRESS = ROOT / "integration_hub" / "egress"

# Modules that can open a connection, or start a program that can, and names that do.
FORBIDDEN_MODULES = frozenset(
    {
        "_socket",
        "_ssl",
        "aiohttp",
        "asyncore",
        "django.core.mail",
        "ftplib",
        "http.client",
        "httpcore",
        "httplib2",
        "httpx",
        "imaplib",
        "logging.handlers",
        "multiprocessing.connection",
        "nntplib",
        "niquests",
        "poplib",
        "pty",
        "pycurl",
        "requests",
        "smtplib",
        "socks",
        "ssl",
        "subprocess",
        "telnetlib",
        "urllib.request",
        "urllib.robotparser",
        "urllib3",
        "webbrowser",
        "websocket",
        "websockets",
        "xmlrpc.client",
    }
)
# Files that may do one of these things all the same: what, and why it leads nowhere outside.
EXCEPTIONS = {
    ("registry/conformance/hostile.py", "socket.socket"): "listens: servers to try adapters on",
    ("executor/delivery/web.py", "socket.socket"): "sees whether the port to serve on is free",
    **dict.fromkeys(
        [
            ("transformer/expressions/process.py", f"subprocess{name}")
            for name in ("", ".Popen", ".DEVNULL", ".TimeoutExpired")
        ],
        "starts this Python with an empty environment, to run expressions in",
    ),
    ("transformer/expressions/worker.py", "socket.socket"): "its end of the pair that it was given",
}
LISTENERS = sorted({name for name, used in EXCEPTIONS if used == "socket.socket"})

DYNAMIC = ("__import__", "importlib.import_module")
FORBIDDEN_NAMES = frozenset(
    {
        *(f"asyncio.{name}" for name in ("open_connection", "open_unix_connection")),
        *(f"asyncio.create_subprocess_{name}" for name in ("exec", "shell")),
        *(f"os.{name}" for name in ("popen", "posix_spawn", "posix_spawnp", "system")),
        *(f"os.exec{kind}" for kind in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
        *(f"os.spawn{kind}" for kind in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
        "socket.*",
        "socket.create_connection",
        "socket.socket",
        "socket.SocketType",
        "socket.fromfd",
        "socket.getaddrinfo",
        "socket.gethostbyaddr",
        "socket.gethostbyname",
        "socket.gethostbyname_ex",
        "socket.getnameinfo",
    }
)
# Methods of event loops and sockets; whoever holds the object, they connect or send.
FORBIDDEN_METHODS = frozenset(
    {
        "connect_ex",
        "create_connection",
        "create_datagram_endpoint",
        "create_unix_connection",
        "open_connection",
        "sendmsg",
        "sendto",
        "sock_connect",
        "sock_sendto",
        "subprocess_exec",
        "subprocess_shell",
    }
)


def offences(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of every forbidden import or use in `source`."""
    tree = ast.parse(source)
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        for local, module, whole in _imports(node):
            bound[local] = whole
            if _is_forbidden_module(module) or _is_forbidden(whole):
                yield node.lineno, whole
    for node in ast.walk(tree):
        used = _used(node, bound)
        if used and _is_forbidden(used):
            yield node.lineno, used


def _imports(node: ast.AST) -> Iterator[tuple[str, str, str]]:
    """Local name, module and full name of each thing that `node` imports."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.asname or alias.name, alias.name, alias.name
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            yield alias.asname or alias.name, node.module, f"{node.module}.{alias.name}"


def _used(node: ast.AST, bound: dict[str, str]) -> str | None:
    """The full name of a dotted use, or of a module imported by its name as text."""
    if isinstance(node, ast.Call) and _dotted(node.func) in DYNAMIC and node.args:
        return str(getattr(node.args[0], "value", ""))
    if isinstance(node, ast.Call) and _dotted(node.func) == "getattr" and len(node.args) > 1:
        name = _dotted(node.args[0]) or ""
        return f"{bound.get(name, name)}.{getattr(node.args[1], 'value', '')}"
    if not isinstance(node, ast.Attribute):
        return None
    first, _, rest = (_dotted(node) or f"?.{node.attr}").partition(".")
    return f"{bound.get(first, first)}.{rest}"


def _is_forbidden_module(name: str) -> bool:
    return any(name == bad or name.startswith(f"{bad}.") for bad in FORBIDDEN_MODULES)


def _is_forbidden(name: str) -> bool:
    method = name.rpartition(".")[2]
    return _is_forbidden_module(name) or name in FORBIDDEN_NAMES or method in FORBIDDEN_METHODS


def _dotted(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = _dotted(node.value)
        return f"{head}.{node.attr}" if head else None
    return None


def files() -> list[Path]:
    found = [ROOT / "manage.py"]
    for package in PACKAGES:
        found += sorted((ROOT / package).rglob("*.py"))
    return [path for path in found if EGRESS not in path.parents]


def test_no_file_outside_egress_opens_a_connection():
    found = []
    for path in files():
        name = str(path.relative_to(ROOT))
        for line, used in offences(path.read_text(encoding="utf-8")):
            if (name, used) not in EXCEPTIONS:
                found.append(f"{name}:{line} {used}")
    assert found == [], (
        "Call out through integration_hub.egress; what leads nowhere outside is an entry of "
        "EXCEPTIONS with its reason: " + ", ".join(found)
    )


@pytest.mark.parametrize(("name", "used"), EXCEPTIONS)
def test_an_exception_is_still_needed(name, used):
    source = (ROOT / name).read_text(encoding="utf-8")
    assert used in {found for _, found in offences(source)}


@pytest.mark.parametrize("name", LISTENERS)
def test_a_listener_never_connects(name):
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert called.isdisjoint({"connect", *FORBIDDEN_METHODS})


def test_the_walk_sees_the_project():
    assert len(files()) > 50


@pytest.mark.parametrize(
    "source",
    [
        "import requests",
        "import requests.sessions as r",
        "from requests import Session",
        "from requests.adapters import HTTPAdapter",
        "import urllib3",
        "from urllib3.util import wait",
        "import http.client",
        "from http import client",
        "from http.client import HTTPSConnection",
        "import urllib.request",
        "from urllib import request",
        "from urllib.request import urlopen",
        "import socket\nsocket.create_connection(('a', 1))",
        "import socket as s\ns.socket()",
        "from socket import socket",
        "from socket import create_connection as c",
        "def f():\n    import urllib.request",
        "import importlib\nimportlib.import_module('requests')",
        "__import__('http.client')",
        "import smtplib",
        "import asyncio\nasyncio.open_connection('a', 1)",
        "from asyncio import open_connection",
        "async def f(loop):\n    await loop.create_connection(None, 'a', 1)",
        "async def f():\n    await get_loop().sock_connect(s, ('a', 1))",
        "def f(s):\n    s.connect_ex(('a', 1))",
        "def f(s):\n    s.sendto(b'', ('a', 1))",
        "import socket\ngetattr(socket, 'create_connection')",
        "from socket import *",
        "import _socket",
        "import ssl",
        "from ssl import create_default_context",
        "import ftplib",
        "import httpx",
        "import aiohttp",
        "from logging.handlers import SocketHandler",
        "from django.core.mail import send_mail",
        "from django.core import mail",
        "from urllib import robotparser",
        "from multiprocessing.connection import Client",
        "import subprocess\nsubprocess.run(['curl', 'http://a'])",
        "from subprocess import run",
        "import os\nos.system('curl http://a')",
        "from os import popen",
        "import os\nos.execvp('curl', [])",
        "import asyncio\nasyncio.create_subprocess_exec('curl')",
    ],
)
def test_every_way_out_is_seen(source):
    assert list(offences(source))


@pytest.mark.parametrize(
    "source",
    [
        "import socket\nsocket.gethostname()",
        "from http import HTTPStatus",
        "from urllib.parse import quote, urlsplit",
        "from integration_hub.egress import http\nhttp.send",
        "request = 1\nrequests = request",
        "import http.server",
    ],
)
def test_what_does_not_connect_is_left_alone(source):
    assert list(offences(source)) == []

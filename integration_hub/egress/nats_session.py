"""A connection to NATS over the guarded socket: publishes, and waits for JetStream's answer.

nats-py opens its own connections in an event loop of its own and takes no socket; what
a publisher needs of the protocol (docs.nats.io, Client Protocol) is these few lines.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from typing import Any

from integration_hub.egress.connect import start_tls
from integration_hub.egress.door import Login, TlsOptions
from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.pooling import Kept, quietly
from integration_hub.egress.sockets import DeadlineSocket
from integration_hub.lib import ids, jsonsafe
from integration_hub.lib.errors import ConnectionFailed, HubError

_LINE = 64 * 1024
_NO_STREAM = "503"


class Declined(Exception):
    """The server, or the stream, said no; the text is its own."""


class NatsSession(Kept):
    """Logged in. Raises Declined, ConnectionFailed and what the socket raises."""

    def __init__(
        self, sock: GuardedSocket, *, host: str, login: Login, tls: TlsOptions | None
    ) -> None:
        self._sock, self._rest = sock, b""
        self._info: dict[str, Any] = self._greeting()
        if tls is not None:
            if not isinstance(sock, DeadlineSocket) or not (
                self._info.get("tls_required") or self._info.get("tls_available")
            ):
                raise Declined("the server offers no TLS; say tls: off where it need not be")
            self._sock, self._rest = start_tls(sock, host, tls), b""
        self._inbox = f"_INBOX.{ids.new_id().hex}"
        self._log_in(login)

    @property
    def sock(self) -> GuardedSocket:
        return self._sock

    def ping(self) -> None:
        self._send(b"PING\r\n")
        self._until(b"PONG")

    def close(self) -> None:
        quietly(self._sock.close)

    def publish(self, subject: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Return when the stream that listens to `subject` has stored it."""
        head = "NATS/1.0\r\n" + "".join(f"{name}: {v}\r\n" for name, v in headers.items()) + "\r\n"
        raw = head.encode()
        reply = f"{self._inbox}.{ids.new_id().hex}"
        line = f"HPUB {subject} {reply} {len(raw)} {len(raw) + len(body)}\r\n"
        self._send(line.encode() + raw + body + b"\r\n")
        head_text, answer = self._answer(reply)
        if _NO_STREAM in head_text.partition("\r\n")[0]:
            raise Declined(f"no stream listens to {subject}")
        said = jsonsafe.loads(answer)
        if not isinstance(said, dict) or "error" in said:
            error = said.get("error", {}) if isinstance(said, dict) else {}
            raise Declined(str(error.get("description", "the stream gave no answer")))

    def ask(self, subject: str, body: bytes) -> bytes:
        """The answer to a request. Raises Declined where nobody answers."""
        reply = f"{self._inbox}.{ids.new_id().hex}"
        self._send(f"PUB {subject} {reply} {len(body)}\r\n".encode() + body + b"\r\n")
        head, answer = self._answer(reply)
        if _NO_STREAM in head.partition("\r\n")[0]:
            raise Declined("nobody answers there; is JetStream on, and the stream there?")
        return answer

    def pull(self, subject: str, body: bytes, most: int) -> list[tuple[str, bytes]]:
        """What a pull request of JetStream brings: where each is acknowledged, and its body.

        The request says when it ends; then, or with the last of `most`, this returns.
        """
        reply = f"{self._inbox}.{ids.new_id().hex}"
        self._send(f"PUB {subject} {reply} {len(body)}\r\n".encode() + body + b"\r\n")
        found: list[tuple[str, bytes]] = []
        while len(found) < most:
            line = self._until(b"MSG", b"HMSG").decode("utf-8", "replace").split(" ")
            whole = self._read(int(line[-1]) + 2)[:-2]
            at = int(line[-2]) if line[0] == "HMSG" else 0
            if line[3].startswith("$JS.ACK."):
                found.append((line[3], whole[at:]))
            elif line[1] == reply:
                break  # a status: it ended, or nothing waits
        return found

    def _greeting(self) -> dict[str, Any]:
        verb, _, rest = self._read_line().partition(b" ")
        found = jsonsafe.loads(rest) if verb == b"INFO" else None
        if not isinstance(found, dict):
            raise ConnectionFailed("What answers there is no NATS server.", sent=False)
        return found

    def _log_in(self, login: Login) -> None:
        options: dict[str, Any] = {
            "verbose": False,
            "pedantic": False,
            "headers": True,
            "no_responders": True,
            "lang": "python",
            "version": "1",
            "protocol": 1,
        }
        if login.username:
            options |= {"user": login.username, "pass": login.password}
        elif login.password:
            options["auth_token"] = login.password
        self._send(f"CONNECT {json.dumps(options)}\r\nSUB {self._inbox}.* 1\r\n".encode())
        self.ping()

    def _answer(self, reply: str) -> tuple[str, bytes]:
        """Head and body of the message to `reply`; those to others are late and dropped."""
        while True:
            line = self._until(b"MSG", b"HMSG").decode("utf-8", "replace").split(" ")
            size = int(line[-1])
            whole = self._read(size + 2)[:size]
            if line[1] != reply:
                continue
            at = int(line[-2]) if line[0] == "HMSG" else 0
            return whole[:at].decode("utf-8", "replace"), whole[at:]

    def _until(self, *verbs: bytes) -> bytes:
        while True:
            line = self._read_line()
            verb = line.split(b" ", 1)[0].upper()
            if verb in verbs:
                return line
            if verb == b"PING":
                self._send(b"PONG\r\n")
            elif verb == b"-ERR":
                raise Declined(line[4:].decode("utf-8", "replace").strip(" '"))

    def _read_line(self) -> bytes:
        while b"\r\n" not in self._rest:
            if len(self._rest) > _LINE:
                raise ConnectionFailed("The NATS server said too much at once.")
            self._more()
        line, _, self._rest = self._rest.partition(b"\r\n")
        return line

    def _read(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._more()
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def _more(self) -> None:
        try:
            found = self._sock.recv(_LINE)
        except HubError:
            raise
        except (OSError, ssl.SSLError) as error:
            raise ConnectionFailed("The connection to NATS broke off.") from error
        if not found:
            raise ConnectionFailed("The NATS server closed the connection.")
        self._rest += found

    def _send(self, data: bytes) -> None:
        try:
            self._sock.sendall(data)
        except HubError:
            raise
        except (OSError, ssl.SSLError) as error:
            raise ConnectionFailed("The connection to NATS broke off.") from error

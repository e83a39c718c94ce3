"""A mail server of the tests' own, by aiosmtpd: it keeps what it takes and says no as told."""

from __future__ import annotations

import asyncio
import email
import ssl
import threading
import warnings
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

USER, PASSWORD = "hub", "pass-word-52c09fe1"


class Taken:
    def __init__(self, envelope: Any) -> None:
        self.sender, self.recipients = envelope.mail_from, list(envelope.rcpt_tos)
        self.raw: bytes = envelope.original_content
        message = email.message_from_bytes(self.raw, policy=default)
        assert isinstance(message, EmailMessage)
        self.message = message


class MailServer:
    """`says` are the replies to an address: to RCPT, or to the data when it is the sender's."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, at_once: bool = False) -> None:
        self.taken: list[Taken] = []
        self.says: dict[str, str] = {}
        self.sessions: set[int] = set()
        self._secured = tls if at_once else None
        self._loop = asyncio.new_event_loop()
        self._options: dict[str, Any] = {
            "authenticator": self._log_in,
            "auth_required": True,
            "auth_require_tls": False,
            "loop": self._loop,
        }
        if tls is not None and not at_once:
            self._options |= {"tls_context": tls, "require_starttls": True}
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> MailServer:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> asyncio.Server:
        return await self._loop.create_server(self._protocol, "127.0.0.1", 0, ssl=self._secured)

    def _protocol(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it takes logins in clear
            return SMTP(self, **self._options)

    async def _end(self) -> None:
        self._server.close()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _log_in(self, server, session, envelope, mechanism, data) -> AuthResult:
        good = isinstance(data, LoginPassword) and data == LoginPassword(
            USER.encode(), PASSWORD.encode()
        )
        return AuthResult(success=good, handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        said = self.says.get(address, "250 OK")
        if said.startswith("2"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server, session, envelope) -> str:
        self.sessions.add(id(session))
        said = self.says.get(envelope.mail_from, "250 taken as 4711")
        if said.startswith("2"):
            self.taken.append(Taken(envelope))
        return said

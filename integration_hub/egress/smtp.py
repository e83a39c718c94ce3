"""Mail over the second door: the standard library's SMTP client on a guarded socket.

Its errors are translated here; no other room names them.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from integration_hub.egress.connect import start_tls
from integration_hub.egress.door import Login, TlsOptions
from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.sockets import DeadlineSocket
from integration_hub.lib.errors import Cancelled, ConnectionFailed, TimedOut

_END = b".\r\n"
_LEADING_DOT = re.compile(rb"(?m)^\.")
_TEXT = 500  # characters of a reply that are kept


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said: 2xx yes, 4xx not now, 5xx no (RFC 5321, 4.2.1)."""

    code: int
    text: str


class Declined(Exception):
    """The server said no. `stage` is `login`, `sender`, `recipients` or `message`; nothing of
    the message was taken."""

    def __init__(self, stage: str, reply: Reply, refused: dict[str, Reply] | None = None) -> None:
        super().__init__(stage, reply)
        self.stage, self.reply, self.refused = stage, reply, refused or {}


@dataclass(frozen=True, slots=True)
class Receipt:
    """`reply` is the server's to the whole message, `refused` to some of the recipients."""

    reply: Reply
    accepted: tuple[str, ...]
    refused: dict[str, Reply]


class _Client(smtplib.SMTP):
    def __init__(self, sock: GuardedSocket, own_name: str) -> None:
        super().__init__(local_hostname=own_name)
        self.sock = sock

    def begin_tls(self, sock: DeadlineSocket, host: str, options: TlsOptions) -> GuardedSocket:
        """Under TLS, with nothing remembered of what was said in clear."""
        secured = start_tls(sock, host, options)
        self.sock, self.file = secured, None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features, self.does_esmtp = {}, False
        return secured


class SmtpClient:
    """Greeted and logged in. Raises Declined, ConnectionFailed, TimedOut, Cancelled."""

    def __init__(
        self,
        sock: GuardedSocket,
        *,
        host: str,
        own_name: str,
        login: Login,
        starttls: TlsOptions | None = None,
    ) -> None:
        self.sock = sock
        self._client = _Client(sock, own_name)
        with _told():
            greeting = _reply(self._client.getreply())
            if greeting.code != 220:
                raise ConnectionFailed(f"{host} takes no mail now ({greeting.code}).", sent=False)
            self._client.ehlo_or_helo_if_needed()
            if starttls is not None:
                self._begin_tls(host, starttls)
            self._log_in(login)

    def noop(self) -> None:
        with _told():
            if self._client.noop()[0] != 250:
                raise ConnectionFailed("The mail server does not go on.", sent=False)

    def reset(self) -> None:
        """Forget a message that was begun."""
        with _told():
            self._client.rset()

    def send(
        self, sender: str, recipients: Iterable[str], message: bytes, *, partly: bool
    ) -> Receipt:
        """Hand over `message`, lines ending in CRLF; `sent` of an error is True only where its
        end may have left. Without `partly` one refused recipient refuses it all."""
        try:
            with _told():
                return self._sent(sender, recipients, message, partly=partly)
        except _Unfinished as unfinished:
            raise unfinished.error from None
        except (TimedOut, ConnectionFailed, Cancelled) as error:
            error.sent = False  # a server drops a message whose end it did not see
            raise

    def _sent(
        self, sender: str, recipients: Iterable[str], message: bytes, *, partly: bool
    ) -> Receipt:
        size = [f"SIZE={len(message)}"] if self._client.has_extn("size") else []
        self._expect(2, "sender", self._client.mail(sender, size))
        accepted, refused = [], {}
        for address in recipients:
            reply = _reply(self._client.rcpt(address))
            if reply.code // 100 == 2:
                accepted.append(address)
            else:
                refused[address] = reply
        if refused and not (accepted and partly):
            worst = max(refused.values(), key=lambda reply: reply.code)
            raise Declined("recipients", worst, refused)
        self._expect(3, "message", self._client.docmd("DATA"))
        quoted = _LEADING_DOT.sub(b"..", message)
        self._client.send(quoted if quoted.endswith(b"\r\n") else quoted + b"\r\n")
        try:
            with _told():
                self._client.send(_END)
                reply = _reply(self._client.getreply())
        except (TimedOut, ConnectionFailed, Cancelled) as error:
            raise _Unfinished(error) from error
        if reply.code // 100 != 2:
            raise Declined("message", reply, refused)
        return Receipt(reply, tuple(accepted), refused)

    def _begin_tls(self, host: str, options: TlsOptions) -> None:
        if not self._client.has_extn("starttls") or self._client.docmd("STARTTLS")[0] != 220:
            raise ConnectionFailed(
                f"{host} offers no STARTTLS. Say tls: tls where TLS begins at once (port 465), or "
                "tls: off where it need not be.",
                sent=False,
            )
        assert isinstance(self.sock, DeadlineSocket)  # noqa: S101 - in clear until here
        self.sock = self._client.begin_tls(self.sock, host, options)
        self._client.ehlo_or_helo_if_needed()

    def _log_in(self, login: Login) -> None:
        if not (login.password or login.token):
            return
        try:
            if login.token:
                self._client.auth("XOAUTH2", cast("Any", _bearer(login)))
            else:
                self._client.login(login.username, login.password)
        except smtplib.SMTPNotSupportedError:
            reply = Reply(504, "the server offers no login here that the hub knows")
            raise Declined("login", reply) from None
        except smtplib.SMTPAuthenticationError as error:
            raise Declined("login", _reply((error.smtp_code, error.smtp_error))) from None

    def _expect(self, kind: int, stage: str, said: tuple[int, bytes]) -> None:
        reply = _reply(said)
        if reply.code // 100 != kind:
            raise Declined(stage, reply)


class _Unfinished(Exception):
    """The end of the message may have left, and no answer came."""

    def __init__(self, error: TimedOut | ConnectionFailed | Cancelled) -> None:
        super().__init__()
        error.sent = True
        self.error = error


def _bearer(login: Login) -> Callable[[Any], str]:
    """XOAUTH2: the token at once; what a server asks after it is a refusal, answered by nothing."""

    def answer(challenge: Any = None) -> str:
        said = f"user={login.username}\x01auth=Bearer {login.token}\x01\x01"
        return said if challenge is None else ""

    return answer


def _reply(said: tuple[int, bytes | str]) -> Reply:
    code, text = said
    readable = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return Reply(code, " ".join(readable.split())[:_TEXT])


@contextmanager
def _told() -> Iterator[None]:
    """smtplib's errors as the hub's."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise ConnectionFailed(f"The mail server ended the talk ({error.smtp_code}).") from error
    except (OSError, ValueError) as error:  # every error of smtplib is an OSError
        raise ConnectionFailed("The connection to the mail server broke off.") from error

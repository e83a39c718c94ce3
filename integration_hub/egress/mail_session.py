"""A kept connection to a mail server."""

from __future__ import annotations

from collections.abc import Iterable

from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.pooling import Kept, quietly
from integration_hub.egress.smtp import Declined, Receipt, SmtpClient

MESSAGES = 50  # over one connection; servers commonly end it after a hundred


class MailSession(Kept):
    def __init__(self, client: SmtpClient) -> None:
        self._client = client
        self._messages = 0

    @property
    def sock(self) -> GuardedSocket:
        return self._client.sock

    def ping(self) -> None:
        self._client.noop()

    def close(self) -> None:
        quietly(self._client.sock.close)

    def send(
        self, sender: str, recipients: Iterable[str], message: bytes, *, partly: bool
    ) -> Receipt:
        """As `SmtpClient.send`; after a refusal the connection is not used again."""
        self._messages += 1
        self.usable = self._messages < MESSAGES
        try:
            return self._client.send(sender, recipients, message, partly=partly)
        except Declined:
            self.usable = False
            raise

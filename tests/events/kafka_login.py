"""A Kafka broker that wants a login: the server's side of SASL, by scramp and by kafka-python."""

from __future__ import annotations

import socketserver
import threading
from typing import Any

from kafka.protocol.metadata import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.sasl import (
    SaslAuthenticateRequest,
    SaslAuthenticateResponse,
    SaslHandshakeRequest,
    SaslHandshakeResponse,
)
from scramp import ScramException, ScramMechanism

USER, PASSWORD = "hub", "s3cr3t-of-kafka"
_WRONG = 58


class LoginServer(socketserver.ThreadingTCPServer):
    """Takes USER and PASSWORD by `mechanism` alone; `logged_in` counts who came through."""

    daemon_threads = True

    def __init__(self, mechanism: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mechanism, self.logged_in = mechanism, 0
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Handler(socketserver.StreamRequestHandler):
    server: LoginServer

    def handle(self) -> None:
        self._way = _Plain() if self.server.mechanism == "PLAIN" else _Scram(self.server.mechanism)
        while size := self.rfile.read(4):
            frame = self.rfile.read(int.from_bytes(size, "big"))
            answer = self._answer(frame)
            answer.with_header(correlation_id=int.from_bytes(frame[4:8], "big"))
            self.wfile.write(answer.encode(header=True, framed=True))

    def _answer(self, frame: bytes) -> Any:
        key = int.from_bytes(frame[:2], "big")
        if key == ApiVersionsRequest.API_KEY:
            return ApiVersionsResponse[0](error_code=0, api_keys=[])
        if key == SaslHandshakeRequest.API_KEY:
            asked = SaslHandshakeRequest[1].decode(frame, header=True)
            offered = [self.server.mechanism]
            return SaslHandshakeResponse[1](
                error_code=0 if asked.mechanism in offered else 33, mechanisms=offered
            )
        said = SaslAuthenticateRequest[0].decode(frame, header=True)
        reply = self._way.next(bytes(said.auth_bytes))
        self.server.logged_in += self._way.done
        return SaslAuthenticateResponse[0](
            error_code=_WRONG if reply is None else 0,
            error_message=f"wrong: {PASSWORD}" if reply is None else None,
            auth_bytes=reply or b"",
        )


class _Plain:
    done = False

    def next(self, said: bytes) -> bytes | None:
        self.done = said.split(b"\0")[1:] == [USER.encode(), PASSWORD.encode()]
        return b"" if self.done else None


class _Scram:
    done = False

    def __init__(self, mechanism: str) -> None:
        way = ScramMechanism(mechanism)
        self._server = way.make_server(lambda _: way.make_auth_info(PASSWORD))
        self._first = True

    def next(self, said: bytes) -> bytes | None:
        try:
            if self._first:
                self._first = False
                self._server.set_client_first(said.decode())
                return self._server.get_server_first().encode()
            self._server.set_client_final(said.decode())
        except ScramException:
            return None
        self.done = True
        return self._server.get_server_final().encode()

"""An adapter for a protocol that is not HTTP: one line there, one line back, over a socket."""

from __future__ import annotations

from integration_hub.egress.connect import connect
from integration_hub.lib import jsonsafe
from registry.adapter import Adapter, AdapterAnswer, Exchanged, Sent
from registry.adapter_values import json_answer
from tests.raw_server import Peer


class LineAdapter(Adapter):
    type = "line"
    title = "Lines"
    supported_auth = frozenset({"none", "basic", "bearer"})

    def config_schema(self):
        return {"type": "object", "required": ["host", "port"]}

    def method_schema(self):
        return {
            "type": "object",
            "required": ["say"],
            "additionalProperties": False,
            "properties": {"say": {"type": "string"}},
        }

    def check_method(self, method):
        return ()

    def is_idempotent(self, protocol):
        return False

    def preview(self, call) -> Sent:
        url = f"line://{call.config['host']}:{call.config['port']}"
        return Sent(call.method.protocol["say"], url, body=jsonsafe.dumps(dict(call.parameters)))

    def call(self, call) -> AdapterAnswer:
        sent, login = self.preview(call), call.login()
        who = login.token or f"{login.username}:{login.password}"
        line = f"{who} {sent.operation} {sent.body.decode()}\n"
        with connect(
            call.config["host"], call.config["port"], deadline=call.deadline, max_bytes=10_000
        ) as sock:
            sock.sendall(line.encode())
            answer = b""
            while not answer.endswith(b"\n"):
                answer += sock.recv(4096)
        said, _, document = answer.decode().partition(" ")
        exchange = Exchanged(sent, wire_bytes=len(answer))
        value = jsonsafe.loads(document)
        if said != "OK":
            return json_answer(value, exchange=exchange, status=int(said), said="declined")
        return json_answer(value, exchange=exchange)


def serve(peer: Peer) -> None:
    """Echoes what it was told, the login included; the word after it says how."""
    line = b""
    while not line.endswith(b"\n"):
        line += peer.sock.recv(4096)
    who, word, document = line.decode().split(" ", 2)
    if word == "HANG":
        peer.hang()
    status = "OK" if word == "ECHO" else word
    said = {"who": who, "got": jsonsafe.loads(document)}
    peer.say(f"{status} {jsonsafe.dumps_text(said)}\n".encode())

"""A connection to an MQTT broker by paho over the guarded socket; publishes at QoS 1."""

from __future__ import annotations

from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from integration_hub.egress.door import Login
from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.pooling import Kept, quietly
from integration_hub.lib import clock
from integration_hub.lib.errors import ConnectionFailed

_STEP = 0.5
_KEEP_ALIVE = 120
_GIVE_UP = 20.0
_REFUSALS = 128  # and above


class Declined(Exception):
    """The broker said no; the text is its own."""


class _Client(paho.Client):
    def __init__(self, sock: GuardedSocket) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._guarded = sock

    def _create_socket(self) -> Any:
        return self._guarded


class MqttSession(Kept):
    """Logged in. Raises Declined, ConnectionFailed and what the socket raises."""

    def __init__(self, sock: GuardedSocket, *, login: Login) -> None:
        self._sock = sock
        self._client = _Client(sock)
        self._said: dict[int, ReasonCode] = {}
        self._welcome: list[ReasonCode] = []
        self._client.on_connect = lambda _c, _u, _f, code, _p: self._welcome.append(code)
        self._client.on_publish = lambda _c, _u, mid, code, _p: self._said.update({mid: code})
        if login.username or login.password:
            self._client.username_pw_set(login.username, login.password)
        self._client.connect("guarded", 1883, keepalive=_KEEP_ALIVE)
        self._until(lambda: bool(self._welcome))
        _check(self._welcome[0])

    @property
    def sock(self) -> GuardedSocket:
        return self._sock

    def ping(self) -> None:
        if self._client.loop(timeout=0.01) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise ConnectionFailed("The connection to the broker broke off.", sent=False)

    def close(self) -> None:
        quietly(self._sock.close)

    def publish(self, topic: str, body: bytes, *, properties: Any, retain: bool) -> None:
        """Return when the broker has acknowledged it."""
        info = self._client.publish(topic, body, qos=1, retain=retain, properties=properties)
        self._until(lambda: info.mid in self._said)
        _check(self._said.pop(info.mid))

    def _until(self, done: Any) -> None:
        end = clock.monotonic() + _GIVE_UP
        while not done():
            code = self._client.loop(timeout=_STEP)
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS or clock.monotonic() > end:
                raise ConnectionFailed("The connection to the broker broke off.")


def _check(code: ReasonCode) -> None:
    if code.value >= _REFUSALS:
        raise Declined(str(code))

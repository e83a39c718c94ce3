"""The conformance suite finds what it is there to find: each fault turns its test red."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from executor.adapters.http import HttpAdapter
from integration_hub.lib.errors import ConnectionFailed, HubError, IntegrationFailed
from registry.conformance import AdapterSuite, Wrong
from tests.executor.adapters.rigs import http


class Straight(HttpAdapter):
    """Connects by itself, past the doors."""

    def call(self, call):
        host, port = call.config["base_url"].removeprefix("http://").split(":")
        try:
            with socket.create_connection((host, int(port)), timeout=1) as sock:
                sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
                sock.recv(100)
        except OSError as error:
            raise ConnectionFailed("No.", sent=False) from error
        raise IntegrationFailed("No.")


class Endless(HttpAdapter):
    """Says that it keeps deadlines, and does not."""

    def call(self, call):
        time.sleep(5)
        return super().call(call)


class Talkative(HttpAdapter):
    """Quotes the credential in its errors."""

    def call(self, call):
        try:
            return super().call(call)
        except HubError as error:
            error.detail += f" Signed as {call.sign(self.preview(call)).request.headers}."
            raise


class Liar(HttpAdapter):
    """Says that nothing was ever sent."""

    def call(self, call):
        try:
            return super().call(call)
        except HubError as error:
            with suppress(AttributeError):
                error.sent = False
            raise


class Careless(HttpAdapter):
    def check_method(self, method):
        return ()

    def method_schema(self):
        return {"type": "object"}

    def is_idempotent(self, protocol):
        return True


class Curious(HttpAdapter):
    """Looks at the server while it only judges."""

    def preview(self, call):
        self.call(call)
        return super().preview(call)


@pytest.fixture
def broken():
    """`broken(Adapter, "test_name", …)`: whether that test of the suite fails for it."""
    with http.rig() as rig:

        def fails(adapter, test, *given) -> bool:
            try:
                getattr(AdapterSuite(), test)(replace(rig, adapter=adapter()), *given)
            except (AssertionError, pytest.fail.Exception):
                return True
            return False

        yield fails


@pytest.mark.parametrize(
    ("adapter", "test"),
    [
        (Straight, "test_a_forbidden_address_is_not_called"),
        (Straight, "test_the_credential_goes_to_the_hosts_of_the_definition_alone"),
        (Straight, "test_a_deadline_that_has_passed_sends_nothing"),
        (Endless, "test_a_cancelled_call_ends_soon"),
        (Talkative, "test_nonsense_is_the_servers_fault"),
        (Talkative, "test_without_a_server_nothing_was_sent"),
        (Liar, "test_a_connection_that_is_cut_is_told_honestly"),
        (Careless, "test_its_schemas_admit_what_works_and_refuse_an_unknown_member"),
        (Careless, "test_a_wrong_method_is_refused_at_its_place"),
        (Curious, "test_judging_and_previewing_open_no_connection"),
        (Careless, "test_it_says_what_is_safe_to_repeat"),
    ],
)
def test_a_fault_is_found(broken, adapter, test) -> None:
    assert not broken(HttpAdapter, test)
    assert broken(adapter, test)


def test_the_pointer_of_a_fault_counts(broken) -> None:
    with http.rig() as rig:
        elsewhere = Wrong(block={"method": "GET", "path": "/a//b"}, pointer="/http/query")
        with pytest.raises(AssertionError):
            AdapterSuite().test_a_wrong_method_is_refused_at_its_place(
                replace(rig, wrong=(elsewhere,))
            )

"""A database is spoken to under TLS, verified for its name, unless the instance says otherwise."""

from __future__ import annotations

import pytest

from integration_hub.egress.door import TlsOptions
from integration_hub.lib.errors import ConnectionFailed
from tests.tls_end import TlsEnd

HOST = "127.0.0.1"


@pytest.fixture
def trusting(authority) -> TlsOptions:
    return TlsOptions(authorities=authority.pem)


@pytest.fixture
def behind_tls(authority, postgresql):
    """The PostgreSQL of the run behind an end of TLS that knows its way of starting it."""
    with TlsEnd(authority, HOST, postgresql.config["port"], hello=8, answer=b"S") as end:
        postgresql.config |= {"host": HOST, "port": end.port, "tls": "required"}
        yield postgresql


@pytest.mark.postgres
def test_postgresql_under_tls(behind_tls, trusting) -> None:
    found = behind_tls.value("SELECT name FROM contact WHERE id = 1", tls=trusting)
    assert found["rows"] == [{"name": "Ada"}]
    with pytest.raises(ConnectionFailed, match=r"certificate of 127\.0\.0\.1 was not accepted"):
        behind_tls.answer("SELECT 1")


def test_mariadb_under_tls(on_mariadb, trusting) -> None:
    on_mariadb.config["tls"] = "required"
    found = on_mariadb.value("SHOW STATUS LIKE 'Ssl_cipher'", tls=trusting)
    assert found["rows"][0]["Value"].startswith(("TLS_", "ECDHE"))
    with pytest.raises(ConnectionFailed, match=r"certificate of 127\.0\.0\.1 was not accepted"):
        on_mariadb.answer("SELECT 1")


def test_a_certificate_of_another_name_is_refused(on_mariadb, trusting) -> None:
    on_mariadb.config |= {"tls": "required", "host": "localhost"}
    with pytest.raises(ConnectionFailed, match="was not accepted"):
        on_mariadb.answer("SELECT 1", tls=trusting)


@pytest.mark.postgres
def test_a_server_without_tls_is_not_spoken_to_in_clear(postgresql, trusting) -> None:
    postgresql.config["tls"] = "required"
    with pytest.raises(ConnectionFailed, match="tls: off"):
        postgresql.answer("SELECT 1", tls=trusting)

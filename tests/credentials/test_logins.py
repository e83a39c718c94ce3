"""What a scheme gives to protocols that are not HTTP."""

from __future__ import annotations

import pytest

from credentials.data import judge
from credentials.scheme import schemes
from integration_hub.egress.door import Login
from registry.adapter import HTTP_AUTH, SHIPPED_AUTH
from tests.credentials.samples import SAMPLES

HTTP_ALONE = {"digest", "hmac", "aws_sigv4", "session_login"}


def login(kind: str) -> Login | None:
    sample = SAMPLES[kind]
    scheme = schemes.get(kind)
    options = scheme.options_for(sample.options, sample.config)
    return scheme.login(sample.data, options)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("none", {}),
        ("basic", {"username": "hub", "password": "pass-word-of-basic"}),
        ("bearer", {"token": "token-of-bearer"}),
        ("api_key", {"token": "key-of-the-api"}),
        ("oauth2", {"token": "token-of-oauth"}),
        ("mtls", {}),
        ("ssh_key", dict(SAMPLES["ssh_key"].data)),
    ],
)
def test_a_login_has_what_the_credential_has_and_nothing_else(kind, given) -> None:
    found = login(kind)
    parts = ("username", "password", "token", "private_key", "passphrase")
    assert {name: getattr(found, name) for name in parts if getattr(found, name)} == given


def test_a_jwt_is_minted_for_the_login_and_masked_like_the_key() -> None:
    found = login("jwt")
    assert found.token.count(".") == 2
    assert found.token in found.secrets


@pytest.mark.parametrize("kind", sorted(HTTP_ALONE))
def test_a_scheme_that_signs_requests_gives_no_login(kind) -> None:
    assert login(kind) is None


@pytest.mark.parametrize("kind", sorted(set(SAMPLES) - HTTP_ALONE))
def test_every_secret_of_a_login_is_named_for_masking_and_none_shows(kind) -> None:
    found = login(kind)
    held = {found.password, found.token, found.private_key, found.passphrase} - {""}
    assert held <= set(found.secrets)
    assert not any(value in repr(found) for value in held)


def test_the_schemes_that_the_contract_names_are_those_of_this_build() -> None:
    assert set(schemes.names()) == SHIPPED_AUTH
    assert "ssh_key" not in HTTP_AUTH


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"passphrase": "wrong-phrase"}, "/private_key"),
        ({"passphrase": None}, "/passphrase"),
        ({"private_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nno\n"}, "/private_key"),
        ({"private_key": "no key"}, "/private_key"),
    ],
)
def test_an_ssh_key_that_does_not_open_is_refused_at_its_place(changed, place) -> None:
    data = {**SAMPLES["ssh_key"].data, **changed}
    data = {name: value for name, value in data.items() if value is not None}
    (fault,) = judge(schemes.get("ssh_key"), {}, data)
    assert fault.pointer.endswith(place)
    assert not any(value in fault.detail for value in data.values())

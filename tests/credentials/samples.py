"""One credential of every scheme, as a definition and a person would give it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.certificates import Authority


@dataclass(frozen=True)
class Sample:
    """`options` are members of the `auth` entry, `config` is the instance's."""

    data: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)


def _ssh_key() -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.BestAvailableEncryption(b"pass-phrase-of-ssh"),
    ).decode()


def _pair() -> tuple[str, str, str]:
    with TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        return *authority.leaf("hub.example", days=(-1, 300)), authority.pem


PRIVATE_KEY, CERTIFICATE, AUTHORITY = _pair()

SAMPLES: Mapping[str, Sample] = {
    "none": Sample(),
    "basic": Sample({"username": "hub", "password": "pass-word-of-basic"}),
    "bearer": Sample({"token": "token-of-bearer"}),
    "api_key": Sample({"key": "key-of-the-api"}, {"name": "X-Api-Key"}),
    "digest": Sample({"username": "hub", "password": "pass-word-of-digest"}),
    "oauth2": Sample(
        {
            "client_id": "hub",
            "client_secret": "secret-of-the-client",
            "access_token": "token-of-oauth",
        },
        {"grant": "client_credentials", "token_url": "https://auth.acme.example/token"},
    ),
    "aws_sigv4": Sample(
        {
            "access_key_id": "AKIDEXAMPLEOFTHEHUB1",
            "secret_access_key": "secret-access-key-of-the-sample",
            "session_token": "session-token-of-the-sample",
        },
        {"service": "s3"},
        {"region": "eu-central-1"},
    ),
    "hmac": Sample(
        {"key_id": "hub-1", "secret": "secret-of-the-hmac"},
        {
            "template": "{method}\n{target}\n{timestamp}\n{body}",
            "header": "X-Signature",
            "headers": {"X-Timestamp": "{timestamp}", "X-Key": "{key_id}"},
        },
    ),
    "jwt": Sample(
        {"private_key": PRIVATE_KEY, "key_id": "hub-2026", "claims": {"sub": "hub"}},
        {"claims": {"iss": "hub", "aud": "{base_url}"}},
        {"base_url": "https://api.acme.example"},
    ),
    "session_login": Sample(
        {"username": "hub", "password": "pass-word-of-login", "_session": "session-of-login"},
        {"request": {"path": "/login"}, "token_path": "token"},
    ),
    "ssh_key": Sample(
        {"username": "hub", "private_key": _ssh_key(), "passphrase": "pass-phrase-of-ssh"}
    ),
    "mtls": Sample({"certificate": CERTIFICATE, "private_key": PRIVATE_KEY, "ca": AUTHORITY}),
}

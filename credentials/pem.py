"""Keys and certificates as a person pastes them: read once, refused with a reason.

No reason quotes what was pasted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from integration_hub.lib import clock
from integration_hub.lib.errors import Fault


class BadPem(ValueError):
    """Why the text cannot be used, with the remedy."""


def read_private_key(text: str) -> PrivateKeyTypes:
    """Raises BadPem."""
    if "PRIVATE KEY-----" not in text:
        found = "a certificate" if "CERTIFICATE" in text else "no private key"
        found = "a public key" if "PUBLIC KEY" in text else found
        raise BadPem(
            f"This is {found}: paste the text from -----BEGIN PRIVATE KEY----- to "
            "-----END PRIVATE KEY-----, whole."
        )
    if "ENCRYPTED" in text:
        raise BadPem(_ENCRYPTED)
    if "OPENSSH" in text:
        raise BadPem("A key in OpenSSH's own form: convert it with `ssh-keygen -p -m PKCS8`.")
    try:
        return load_pem_private_key(text.encode("utf-8", "surrogatepass"), password=None)
    except TypeError:
        raise BadPem(_ENCRYPTED) from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadPem(
            "The private key cannot be read: it is cut, changed or of no kind known."
        ) from None


_ENCRYPTED = (
    "The private key is encrypted: take its password off (`openssl pkey -in key.pem`); "
    "the hub encrypts it itself."
)


def read_certificates(text: str) -> list[x509.Certificate]:
    """The chain, the owner's first. Raises BadPem."""
    if "PRIVATE KEY" in text:
        raise BadPem("This holds a private key: it belongs in its own member.")
    try:
        return x509.load_pem_x509_certificates(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        raise BadPem(
            "This is no PEM certificate: paste the text from -----BEGIN CERTIFICATE----- to "
            "-----END CERTIFICATE-----, whole."
        ) from None


def time_problem(certificate: x509.Certificate) -> str:
    """Why the certificate does not hold now; empty when it does."""
    now = clock.now()
    if certificate.not_valid_after_utc < now:
        return f"The certificate ended on {certificate.not_valid_after_utc:%Y-%m-%d}."
    if certificate.not_valid_before_utc > now:
        return f"The certificate begins only on {certificate.not_valid_before_utc:%Y-%m-%d}."
    return ""


def belong_together(certificate: x509.Certificate, key: PrivateKeyTypes) -> bool:
    public = (certificate.public_key(), key.public_key())
    ours, theirs = (k.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for k in public)
    return ours == theirs


def pair_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with `certificate` and `private_key`, each alone and the two together."""
    chain, key = [], None
    try:
        chain = read_certificates(data["certificate"])
    except BadPem as error:
        yield Fault("/certificate", str(error), "FORMAT")
    try:
        key = read_private_key(data["private_key"])
    except BadPem as error:
        yield Fault("/private_key", str(error), "FORMAT")
    if not chain:
        return
    if problem := time_problem(chain[0]):
        yield Fault("/certificate", problem, "EXPIRED")
    if key is not None and not belong_together(chain[0], key):
        detail = "The key is not that of the (first) certificate."
        yield Fault("/private_key", detail, "MISMATCH")

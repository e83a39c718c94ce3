"""Private authorities as an operator pastes them: judged when they are saved."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from integration_hub.lib import clock

MAX_CERTIFICATES = 50


def problem_of(pem: str) -> str:
    """Why these PEM texts cannot serve as authorities, with the remedy; empty when they can."""
    if "PRIVATE KEY" in pem:
        return "This holds a private key; paste the authority's certificate alone."
    try:
        found = x509.load_pem_x509_certificates(pem.encode("utf-8", "surrogatepass"))
    except ValueError:
        return (
            "This is no PEM certificate: paste the text from -----BEGIN CERTIFICATE----- to "
            "-----END CERTIFICATE-----, whole."
        )
    if len(found) > MAX_CERTIFICATES:
        return f"There are {len(found)} certificates; at most {MAX_CERTIFICATES} are taken."
    for number, certificate in enumerate(found, 1):
        problem = _problem(certificate)
        if problem:
            return f"Certificate {number} of {len(found)} {problem}"
    return ""


def _problem(certificate: x509.Certificate) -> str:
    if certificate.not_valid_after_utc < clock.now():
        return f"ended on {certificate.not_valid_after_utc:%Y-%m-%d}: paste its successor."
    if certificate.issuer != certificate.subject and not _is_authority(certificate):
        return "is a server's own, not an authority's: paste the one that signed it."
    return ""


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        found = certificate.extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return isinstance(found.value, x509.BasicConstraints) and found.value.ca

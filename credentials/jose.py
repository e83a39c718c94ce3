"""Signing of JSON Web Tokens: a key read once and judged, a token made of it (RFC 7515)."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from credentials.pem import BadPem, read_private_key
from credentials.remembered import Remembered, fingerprint
from integration_hub.lib import jsonsafe

HMACS: Mapping[str, str] = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
_EDWARDS = ("EdDSA", "Ed25519")
ALGORITHMS = (*_RSA, *_CURVES, *_EDWARDS, *HMACS)
MIN_RSA_BITS = 2_048
_JWKS: Mapping[str, Any] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}

_raws: Remembered[Any] = Remembered(256)
_keys: Remembered[Any] = Remembered(256)


class BadKey(ValueError):
    """Why the key cannot sign; says nothing of what it is."""


def compact(header: Mapping[str, Any], payload: bytes, *, key: str | bytes, algorithm: str) -> str:
    """A signed token of this header and payload; `key` is bytes for HS*. Raises BadKey."""
    first = _base64url(jsonsafe.dumps({"alg": algorithm, **header}))
    message = f"{first}.{_base64url(payload)}"
    return f"{message}.{_base64url(sign(message.encode(), key, algorithm))}"


def sign(message: bytes, key: str | bytes, algorithm: str) -> bytes:
    """Raises BadKey."""
    if isinstance(key, bytes):
        return hmac.digest(key, message, HMACS[algorithm])
    signature: bytes = JWSRegistry.algorithms[algorithm].sign(message, private_key(key, algorithm))
    return signature


def private_key(text: str, algorithm: str) -> Any:
    """The key for this algorithm, from PEM or a JWK; read once a process. Raises BadKey."""
    place = fingerprint(text, algorithm)
    found = _keys.get(place)
    if found is None:
        found = _read(text, algorithm)
        _keys.put(place, found)
    return found


def default_algorithm(text: str) -> str:
    """What a private key is used with where nobody says. Raises BadKey."""
    raw = _raw(text)
    if isinstance(raw, rsa.RSAPrivateKey):
        return "RS256"
    if isinstance(raw, ec.EllipticCurvePrivateKey):
        named = {curve: name for name, curve in _CURVES.items()}
        if raw.curve.name in named:
            return named[raw.curve.name]
    if isinstance(raw, ed25519.Ed25519PrivateKey):
        return "EdDSA"
    raise BadKey(
        "A private key of a kind that is not supported: RSA, P-256, P-384, P-521, Ed25519."
    )


def _read(text: str, algorithm: str) -> Any:
    raw = _raw(text)
    if algorithm in _RSA and isinstance(raw, rsa.RSAPrivateKey):
        if raw.key_size < MIN_RSA_BITS:
            raise BadKey(f"An RSA key of {raw.key_size} bits: at least {MIN_RSA_BITS} are needed.")
        return RSAKey.import_key(_pem(raw))
    if isinstance(raw, ec.EllipticCurvePrivateKey) and _CURVES.get(algorithm) == raw.curve.name:
        return ECKey.import_key(_pem(raw))
    if algorithm in _EDWARDS and isinstance(raw, ed25519.Ed25519PrivateKey):
        return OKPKey.import_key(_pem(raw))
    raise BadKey(f"It is not a key for {algorithm}.")


def _raw(text: str) -> Any:
    place = fingerprint(text)
    found = _raws.get(place)
    if found is None:
        try:
            found = _of_jwk(text) if text.lstrip().startswith("{") else read_private_key(text)
        except BadPem as error:
            raise BadKey(str(error)) from None
        _raws.put(place, found)
    return found


def _of_jwk(text: str) -> Any:
    try:
        read = jsonsafe.loads(text)
        members = {k: v for k, v in read.items() if k not in ("use", "key_ops", "alg", "kid")}
        raw = _JWKS[read["kty"]].import_key(members).private_key
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise BadKey("The JWK cannot be read: it is cut, changed or of no kind known.") from None
    if raw is None:
        raise BadKey("This JWK is no private key: that has a member d.")
    return raw


def _pem(raw: Any) -> bytes:
    made: bytes = raw.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()

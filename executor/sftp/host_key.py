"""The server's key against what the config pins: no key is ever learned by itself."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from hashlib import sha256

from integration_hub.lib.errors import ConnectionFailed

_KEY_TYPES = ("ssh-", "ecdsa-sha2-", "sk-")


class BadPin(ValueError):
    """The text is no pin; the message says what one looks like."""


@dataclass(frozen=True, slots=True)
class Pins:
    """`fingerprints` as OpenSSH writes them (`SHA256:…`); `types` those that the pins name."""

    fingerprints: frozenset[str]
    types: tuple[str, ...] = ()


def fingerprint(blob: bytes) -> str:
    """As `ssh-keygen -l` prints it."""
    return "SHA256:" + b64encode(sha256(blob).digest()).decode().rstrip("=")


def read_pins(text: str) -> Pins:
    """One pin a line: a fingerprint, `ssh-ed25519 AAAA…`, or a line of known_hosts.

    Raises BadPin.
    """
    found: list[str] = []
    types: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        words = line.split()
        if len(words) == 1 and words[0].startswith("SHA256:"):
            found.append(words[0].rstrip("="))
            continue
        at = next((i for i, word in enumerate(words) if word.startswith(_KEY_TYPES)), None)
        if at is None or at + 1 >= len(words):
            raise BadPin(
                "A host key is SHA256:…, `ssh-ed25519 AAAA…` or a line of known_hosts "
                "(`ssh-keyscan` prints one)."
            )
        try:
            found.append(fingerprint(b64decode(words[at + 1], validate=True)))
        except (NotBase64, ValueError):
            raise BadPin("The key after its type is not base64.") from None
        types.append(words[at])
    return Pins(frozenset(found), tuple(types))


def check(pins: Pins, *, host: str, key_type: str, blob: bytes) -> None:
    """Refuse a key that is not pinned, saying which was seen.

    Raises ConnectionFailed(sent=False): nothing of the credential has left.
    """
    seen = fingerprint(blob)
    if seen in pins.fingerprints:
        return
    if pins.fingerprints:
        raise ConnectionFailed(
            f"The host key of {host} is not the one in config.host_key: it showed {key_type} "
            f"{seen}. Someone may stand between, or the server has a new key: compare it with "
            "what its operator says before it is put there.",
            sent=False,
        )
    raise ConnectionFailed(
        f"No host key of {host} is known. It showed {key_type} {seen}: compare it with what its "
        "operator says, and put it as config.host_key.",
        sent=False,
    )

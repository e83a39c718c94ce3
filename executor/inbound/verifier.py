"""How a hook is believed, as a definition declares it: frozen data, and those that are ready-made.

Their forms are the providers' own: standardwebhooks.com, and the pages of GitHub ("Validating
webhook deliveries"), Stripe ("Check the webhook signatures"), Slack ("Verifying requests from
Slack"), Shopify ("Verify webhook deliveries") and Meta ("Validating payloads").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from integration_hub.lib.errors import Fault
from integration_hub.lib.near import near_names

NONE = "none"
ALGORITHMS = ("sha256", "sha1", "sha512")
ENCODINGS = ("hex", "base64")
DEFAULT_TOLERANCE = 300

PLACEHOLDER = re.compile(r"\{(body|timestamp|id|url|header\.[!#$%&'*+.^_`|~0-9A-Za-z-]+)\}")
_BRACES = re.compile(r"[{}]")


@dataclass(frozen=True, slots=True)
class Verifier:
    """The members of `webhook` that say how to verify; `name` is for people.

    `timestamp`, `id` and `event_type` are places (`header.X`, `body.a.b`, `signature.t`),
    empty where there are none. `public_prefix` stands before signatures by a key pair.
    """

    name: str
    header: str = ""
    template: str = "{body}"
    algorithm: str = "sha256"
    encoding: str = "hex"
    tolerance_seconds: int = DEFAULT_TOLERANCE
    prefix: str = ""
    separator: str = ""
    key_encoding: str = "text"
    timestamp: str = ""
    id: str = ""
    event_type: str = ""
    handshake: tuple[str, ...] = ()
    public_prefix: str = ""

    @property
    def is_signed(self) -> bool:
        """Only `none`, named as such, goes without: whatever else is incomplete fits no hook."""
        return self.name != NONE


READY_MADE: Mapping[str, Verifier] = {
    verifier.name: verifier
    for verifier in (
        Verifier(
            "standard_webhooks",
            header="webhook-signature",
            template="{id}.{timestamp}.{body}",
            encoding="base64",
            prefix="v1,",
            separator=" ",
            key_encoding="base64",
            timestamp="header.webhook-timestamp",
            id="header.webhook-id",
            event_type="body.type",
            public_prefix="v1a,",
        ),
        Verifier(
            "github",
            header="X-Hub-Signature-256",
            prefix="sha256=",
            id="header.X-GitHub-Delivery",
            event_type="header.X-GitHub-Event",
        ),
        Verifier(
            "stripe",
            header="Stripe-Signature",
            template="{timestamp}.{body}",
            prefix="v1=",
            separator=",",
            timestamp="signature.t",
            id="body.id",
            event_type="body.type",
        ),
        Verifier(
            "slack",
            header="X-Slack-Signature",
            template="v0:{timestamp}:{body}",
            prefix="v0=",
            timestamp="header.X-Slack-Request-Timestamp",
            id="body.event_id",
            event_type="body.event.type",
            handshake=("slack",),
        ),
        Verifier(
            "shopify",
            header="X-Shopify-Hmac-Sha256",
            encoding="base64",
            id="header.X-Shopify-Webhook-Id",
            event_type="header.X-Shopify-Topic",
        ),
        Verifier(
            "meta",
            header="X-Hub-Signature-256",
            prefix="sha256=",
            event_type="body.object",
            handshake=("meta",),
        ),
        Verifier(NONE),
    )
}
_MEMBERS = frozenset(field.name for field in fields(Verifier)) - {"name", "public_prefix"}


def verifier_of(block: Mapping[str, Any]) -> Verifier:
    """The verifier of a `webhook` member without faults."""
    base = READY_MADE.get(block.get("verify", ""), Verifier("declared"))
    said = {name: value for name, value in block.items() if name in _MEMBERS}
    if "handshake" in said:
        said["handshake"] = tuple(said["handshake"])
    return replace(base, **said)


def faults_of(block: Mapping[str, Any], base: str = "/webhook") -> Iterator[Fault]:
    """What is wrong with how a hook is to be verified, with pointers into the definition."""
    name = block.get("verify")
    if name is not None and name not in READY_MADE:
        near = near_names(name, READY_MADE)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        detail = f"No verifier is called {name!r}; there are {', '.join(READY_MADE)}.{meant}"
        yield Fault(f"{base}/verify", detail, "UNKNOWN_VERIFIER")
        return
    if name is None and "header" not in block:
        detail = (
            "Say how hooks are verified: by `verify` or by `header`. "
            "`verify: none` takes unsigned ones."
        )
        yield Fault(base, detail, "REQUIRED")
        return
    if name == NONE and "header" in block:
        yield Fault(f"{base}/header", "`verify: none` has no signature: leave it out.", "NO_EFFECT")
        return
    yield from _form_faults(verifier_of(block), base)


def _form_faults(verifier: Verifier, base: str) -> Iterator[Fault]:
    for member, known in (("algorithm", ALGORITHMS), ("encoding", ENCODINGS)):
        if getattr(verifier, member) not in known:
            yield Fault(f"{base}/{member}", f"Must be one of {', '.join(known)}.", "ENUM")
    used = set(PLACEHOLDER.findall(verifier.template))
    if _BRACES.search(PLACEHOLDER.sub("", verifier.template)):
        detail = "The placeholders are {body}, {timestamp}, {id}, {url} and {header.NAME}."
        yield Fault(f"{base}/template", detail, "TEMPLATE")
    elif "body" not in used:
        detail = "A signature that does not cover {body} proves nothing about it."
        yield Fault(f"{base}/template", detail, "TEMPLATE")
    yield from _place_faults(verifier, used, base)


def _place_faults(verifier: Verifier, used: set[str], base: str) -> Iterator[Fault]:
    """The body is not read before it is believed, so nothing that is signed is looked up there."""
    for member in ("timestamp", "id"):
        place = getattr(verifier, member)
        if member in used and not place:
            yield Fault(f"{base}/{member}", f"The template uses {{{member}}}.", "REQUIRED")
        if member in used and place.startswith("body."):
            detail = "What the template uses cannot stand in the body: name a header."
            yield Fault(f"{base}/{member}", detail, "PLACE")
    if verifier.timestamp.startswith("body."):
        detail = "The time is judged before the body is read: name a header."
        yield Fault(f"{base}/timestamp", detail, "PLACE")
    elif verifier.timestamp and verifier.is_signed and "timestamp" not in used:
        detail = "A time that is not signed protects from nothing: put {timestamp} there."
        yield Fault(f"{base}/template", detail, "TEMPLATE")

"""The WSDL of an instance, by URL through the guard or as text, compiled once and kept a while."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from zeep import Settings
from zeep import exceptions as zeep

from executor.soap import guard
from executor.soap.exact import ExactDocument
from integration_hub.egress import http, policy
from integration_hub.egress.door import HttpRequest
from integration_hub.lib.errors import InstanceNotReady, IntegrationFailed, ResponseInvalid
from integration_hub.lib.kept import Kept
from registry.adapter import AdapterCall

MAX_BYTES = 4 * 1024 * 1024  # of one WSDL with all that it imports
MAX_DOCUMENTS = 100
REDIRECTS = 3
KEPT_SECONDS = 900.0

# What zeep raises for a document that is not what it takes for granted.
BROKEN = (
    zeep.Error,
    etree.LxmlError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)

_kept: Kept[tuple[Any, ...], ExactDocument] = Kept(items=32, seconds=KEPT_SECONDS)


def settings() -> Settings:
    return Settings(strict=True, forbid_dtd=True, forbid_entities=True, xml_huge_tree=False)


def known(call: AdapterCall) -> ExactDocument | None:
    """What is kept already; no I/O."""
    return _kept.get(_key(call))


def document(call: AdapterCall) -> ExactDocument:
    """Raises InstanceNotReady for a text, ResponseInvalid for a URL whose WSDL cannot be
    used, IntegrationFailed where it is refused, and the errors of `http.send`."""
    found = known(call)
    return found if found is not None else _kept.put(_key(call), _compiled(call))


def is_url(source: str) -> bool:
    return source.lstrip().lower().startswith(("http://", "https://"))


def home(call: AdapterCall) -> policy.Origin | None:
    """Where the config says that the system is: `base_url`, else the URL of the WSDL."""
    source = str(call.config["wsdl"])
    url = call.config.get("base_url") or (source if is_url(source) else "")
    return policy.parse_url(url.strip()).origin if url else None


def _key(call: AdapterCall) -> tuple[Any, ...]:
    """A client certificate may open what another instance may not read."""
    source = str(call.config["wsdl"])
    return (source, call.tls) if is_url(source) else (source,)


def _compiled(call: AdapterCall) -> ExactDocument:
    source = str(call.config["wsdl"]).strip()
    loader = _Loader(call)
    try:
        if is_url(source):
            return ExactDocument(source, loader, settings())
        loader.checked(source.encode())
        return ExactDocument(io.BytesIO(source.encode()), loader, settings())
    except ResponseInvalid as error:
        if is_url(source):
            raise
        raise InstanceNotReady(f"config.wsdl cannot be used: {error.detail}") from error
    except BROKEN as error:
        said = " ".join(str(error).split())[:300] or type(error).__name__
        if not is_url(source):
            raise InstanceNotReady(f"config.wsdl cannot be used: {said}") from error
        raise ResponseInvalid(f"The WSDL cannot be used: {said}", sent=False) from error
    finally:
        loader.close()


class _Loader:
    """What zeep takes for its transport: each document comes through the guard.

    It forgets the call when the WSDL is compiled: what is kept holds no credential.
    """

    def __init__(self, call: AdapterCall) -> None:
        self._call: AdapterCall | None = call
        self._size = self._count = 0

    def close(self) -> None:
        self._call = None

    def load(self, url: str) -> bytes:
        call = self._call
        if call is None or urlsplit(url).scheme not in ("http", "https"):
            raise ResponseInvalid(
                f"The WSDL needs {str(url)[:200]!r}, which is no http or https URL: give the WSDL "
                "by its URL, or with everything in one text.",
                sent=False,
            )
        origin = policy.parse_url(url).origin
        answer = http.send(
            HttpRequest("GET", url, {"Accept": "text/xml, application/xml, */*;q=0.5"}),
            deadline=call.deadline,
            redirects=REDIRECTS,
            max_bytes=MAX_BYTES,
            tls=call.tls if origin == home(call) else None,
        )
        if answer.status != 200:
            raise IntegrationFailed(
                f"The WSDL could not be read: {origin.host} answered {answer.status}. Where it is "
                "not public, put its text into config.wsdl.",
                sent=False,
                upstream_status=answer.status,
                transient=answer.status >= 500,
            )
        return self.checked(answer.content)

    def checked(self, content: bytes) -> bytes:
        self._size += len(content)
        self._count += 1
        if self._size > MAX_BYTES or self._count > MAX_DOCUMENTS:
            raise ResponseInvalid(
                f"The WSDL with its imports is larger than {MAX_BYTES} bytes or "
                f"{MAX_DOCUMENTS} documents.",
                sent=False,
            )
        try:
            guard.check(content)
        except guard.Refused as refused:
            raise ResponseInvalid(f"A document of the WSDL {refused}.", sent=False) from None
        return content

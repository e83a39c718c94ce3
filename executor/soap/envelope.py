"""An operation of a WSDL and its parameters to the request that will leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from lxml import etree
from zeep import exceptions as zeep
from zeep.wsdl.bindings.soap import Soap12Binding, SoapBinding, SoapOperation
from zeep.wsdl.utils import etree_to_string
from zeep.wsse.username import UsernameToken

from executor.soap.exact import BadValue, ExactDocument
from executor.soap.wsdl import BROKEN, settings
from integration_hub.egress.door import HttpRequest, Login
from integration_hub.lib.errors import Fault, InstanceNotReady, ValidationFailed
from integration_hub.lib.near import near_names
from integration_hub.lib.pointers import join
from registry.adapter import AdapterCall

_RESERVED = ("_soapheaders", "_raw_elements")


@dataclass(frozen=True, slots=True)
class Place:
    """An operation at one port: `address` is the WSDL's own."""

    binding: SoapBinding
    operation: SoapOperation
    address: str

    @property
    def is_12(self) -> bool:
        return isinstance(self.binding, Soap12Binding)


def place_of(document: ExactDocument, block: Mapping[str, Any]) -> Place:
    """The first port that fits the method's block. Raises ValidationFailed with near names."""
    seen: dict[str, str] = {}
    for place, service, port in _places(document):
        fits = (
            block.get("service", service) == service
            and block.get("port", port) == port
            and block.get("version", _version(place)) == _version(place)
        )
        if fits and place.operation.name == block["operation"]:
            return place
        if fits:
            seen[place.operation.name] = port
    wanted = " ".join(
        f"{name} {block[name]}" for name in ("service", "port", "version") if name in block
    )
    raise ValidationFailed(
        f"The WSDL has no operation {block['operation']!r}{f' at {wanted}' if wanted else ''}.",
        suggestions=near_names(block["operation"], seen),
    )


def _places(document: ExactDocument) -> Iterator[tuple[Place, str, str]]:
    for service in document.services.values():
        for port in service.ports.values():
            if isinstance(port.binding, SoapBinding):
                address = port.binding_options.get("address", "")
                for operation in port.binding._operations.values():
                    yield Place(port.binding, operation, address), service.name, port.name


def _version(place: Place) -> str:
    return "1.2" if place.is_12 else "1.1"


class Envelope:
    """One message, and the request that carries it."""

    def __init__(self, place: Place, call: AdapterCall) -> None:
        """Raises ValidationFailed that names the parameter, never its value."""
        self.address = str(call.config.get("base_url") or place.address)
        if not self.address:
            raise InstanceNotReady("The WSDL names no address: put it as config.base_url.")
        self._root, headers = _built(place, _arguments(call), self.address)
        self._headers = {**headers, **_key(call)}

    def request(self) -> HttpRequest:
        return HttpRequest("POST", self.address, self._headers, etree_to_string(self._root))

    def with_token(self, login: Login, kind: str) -> HttpRequest:
        """The request with a UsernameToken (`text` or `digest`); the envelope keeps it."""
        token = UsernameToken(
            login.username, login.password, use_digest=kind == "digest", zulu_timestamp=True
        )
        try:
            token.apply(self._root, {})
        except ValueError:
            raise InstanceNotReady(
                "User name or password hold characters that XML cannot."
            ) from None
        return self.request()


def _built(
    place: Place, arguments: dict[str, Any], address: str
) -> tuple[etree._Element, dict[str, str]]:
    client = SimpleNamespace(settings=settings(), wsse=None, plugins=[])
    try:
        built: tuple[etree._Element, dict[str, str]] = place.binding._create(
            place.operation.name, (), arguments, client=client, options={"address": address}
        )
    except BadValue as bad:
        raise _misfit(bad) from None
    except zeep.ValidationError as error:
        path = [str(step) for step in error.path[1:]]
        raise _refused(path, error.message) from None
    except BROKEN as error:
        # zeep says which name is not known and what there is; it quotes no value.
        said = " ".join(str(error).split())[:500] if isinstance(error, TypeError) else ""
        raise ValidationFailed(
            f"The parameters do not fit {place.operation.name}: {said or 'see its WSDL.'}"
        ) from None
    return built


def _misfit(bad: BadValue) -> ValidationFailed:
    return _refused(list(bad.path[1:]), f"it is no xsd:{bad.type_name}.", "TYPE")


def _refused(path: list[str], detail: str, code: str = "REQUIRED") -> ValidationFailed:
    where = ".".join(path) or "A value"
    fault = Fault(join(("parameters", *path)), detail, code)
    return ValidationFailed(f"{where} cannot be sent: {detail}", errors=[fault])


def _arguments(call: AdapterCall) -> dict[str, Any]:
    given = call.body if call.has_body else call.parameters
    if given is not None and not isinstance(given, Mapping):
        raise ValidationFailed("The message of an operation is made of an object.")
    arguments = dict(given or {})
    for name in _RESERVED:
        if name in arguments:
            raise ValidationFailed(f"The parameter {name!r} cannot be sent: it is zeep's own.")
    names = call.method.protocol.get("soap_headers", ())
    headers = {name: call.parameters[name] for name in names if name in call.parameters}
    for name in headers:
        arguments.pop(name, None)
    return {**arguments, "_soapheaders": headers} if headers else arguments


def _key(call: AdapterCall) -> dict[str, str]:
    header = call.method.idempotency_header
    return {header: call.idempotency_key} if header and call.idempotency_key else {}

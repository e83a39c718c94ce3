"""A SOAP answer to JSON: the result as the WSDL types it, or the fault in one shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lxml import etree
from requests_toolbelt.multipart.decoder import (
    ImproperBodyPartContentException,
    MultipartDecoder,
    NonMultipartContentTypeException,
)
from zeep.helpers import serialize_object
from zeep.loader import parse_xml
from zeep.wsdl.attachments import MessagePack
from zeep.wsdl.messages import DocumentMessage
from zeep.wsdl.messages.xop import process_xop
from zeep.xsd import AnyObject

from executor.soap import guard
from executor.soap.envelope import Place
from executor.soap.wsdl import BROKEN, settings
from integration_hub.egress.door import HttpAnswer
from integration_hub.lib.errors import ResponseInvalid, TransformFailed
from registry.adapter import AdapterAnswer
from registry.adapter_values import json_answer
from transformer.services import decode_body

# Whose fault it is: SOAP 1.1 sends all of them with 500.
_OF_THE_CALLER = frozenset(
    {"Client", "Sender", "VersionMismatch", "MustUnderstand", "DataEncodingUnknown"}
)
_OF_THE_LOGIN = frozenset(
    {"FailedAuthentication", "InvalidSecurityToken", "InvalidSecurity", "SecurityTokenUnavailable"}
)


def answer_of(place: Place, answer: HttpAnswer) -> AdapterAnswer:
    """Raises ResponseInvalid, ResponseTooLarge."""
    if not answer.content.strip():
        return _plain(answer)
    try:
        root = _parsed(answer)
        body = _body(root)
    except guard.Refused as refused:
        if answer.status >= 300:
            return _plain(answer)  # a page of a server in between: its status is the answer
        raise ResponseInvalid(
            f"The answer is no SOAP envelope: it {refused}.", upstream_status=answer.status
        ) from None
    fault = body.find("{*}Fault")
    if fault is not None:
        return _refusal(fault, answer)
    if answer.status >= 300:
        return _plain(answer)
    made = json_answer(_result(place, root, body), status=answer.status, headers=answer.headers)
    return replace(made, exchange=answer)


def _plain(answer: HttpAnswer) -> AdapterAnswer:
    """An answer without an envelope: one-way operations, and servers in between."""
    return AdapterAnswer(answer.status, answer.content, answer.content_type, answer.headers, answer)


def _parsed(answer: HttpAnswer) -> etree._Element:
    """Raises guard.Refused."""
    content, attachments = answer.content, None
    if answer.content_type.lower().startswith("multipart/related"):
        content, attachments = _parts(answer)
    guard.check(content)
    try:
        root: etree._Element = parse_xml(content, None, settings=settings())  # type: ignore[arg-type]  # takes bytes
        if attachments is not None:
            process_xop(root, attachments)
    except BROKEN:
        raise guard.Refused("cannot be read") from None
    return root


def _body(root: etree._Element) -> etree._Element:
    """Raises guard.Refused."""
    body = root.find("{*}Body")
    if body is None:
        raise guard.Refused("has no Body")
    guard.check_references(body)
    return body


def _parts(answer: HttpAnswer) -> tuple[bytes, MessagePack]:
    """The envelope and what it includes (XOP)."""
    try:
        parts = MultipartDecoder(answer.content, answer.content_type).parts
        return parts[0].content, MessagePack(parts=parts[1:])
    except (ImproperBodyPartContentException, NonMultipartContentTypeException, *BROKEN):
        raise guard.Refused("is no multipart document") from None


def _result(place: Place, root: etree._Element, body: etree._Element) -> Any:
    _check_message(place, body)
    try:
        found = place.operation.process_reply(root)
    except BROKEN as error:
        raise ResponseInvalid(
            f"The answer of {place.operation.name} is not what the WSDL says: "
            f"{' '.join(str(error).split())[:300]}"
        ) from error
    return _plain_value(serialize_object(found, dict))


def _check_message(place: Place, body: etree._Element) -> None:
    """zeep takes any element for the one that it waits for, with every member absent."""
    output = place.operation.output
    if not isinstance(output, DocumentMessage) or output.body is None or output._is_body_wrapped:
        return
    found = [_tag(child) for child in body if isinstance(child.tag, str)][:1]
    if found != [output.body.qname.localname]:
        raise ResponseInvalid(
            f"The answer of {place.operation.name} is not the {output.body.qname.localname} that "
            f"the WSDL says, but {found[0][:200] if found else 'empty'}."
        )


def _plain_value(value: Any) -> Any:
    """What zeep leaves as XML (xsd:any) as the hub reads XML."""
    if isinstance(value, dict):
        return {name: _plain_value(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain_value(item) for item in value]
    if isinstance(value, AnyObject):
        return _plain_value(serialize_object(value.value, dict))
    if isinstance(value, etree._Element):
        return _document(value)
    return value


def _document(element: etree._Element) -> Any:
    try:
        return decode_body(etree.tostring(element), "application/xml")
    except TransformFailed as error:
        raise ResponseInvalid("The answer holds XML that cannot be read.") from error


def _refusal(fault: etree._Element, answer: HttpAnswer) -> AdapterAnswer:
    said = _fault(fault)
    codes = {str(said["code"]).partition(".")[0], *(said["subcodes"])}
    status = answer.status
    if codes & _OF_THE_LOGIN:
        status = 401
    elif codes & _OF_THE_CALLER and (status < 400 or status >= 500):
        status = 400
    elif status < 400:
        status = 500
    made = json_answer(
        {"fault": said},
        status=status,
        headers=answer.headers,
        said=f"answered with the fault {said['code'] or 'without a code'}",
    )
    return replace(made, exchange=answer)


def _fault(fault: etree._Element) -> Mapping[str, Any]:
    """Both versions in one shape; codes without their prefixes."""
    detail = next((part for part in fault if _tag(part).lower() == "detail"), None)
    return {
        "code": _local(_text(fault, "faultcode") or _text(fault, "{*}Code/{*}Value")),
        "subcodes": [
            _local(found.text or "") for found in fault.iterfind(".//{*}Subcode/{*}Value")
        ],
        "message": _text(fault, "faultstring") or _text(fault, "{*}Reason/{*}Text"),
        "actor": _text(fault, "faultactor") or _text(fault, "{*}Role"),
        "detail": None if detail is None else _inside(detail),
    }


def _tag(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _inside(detail: etree._Element) -> Any:
    return [_document(child) for child in detail if isinstance(child.tag, str)] or detail.text


def _text(fault: etree._Element, path: str) -> str:
    return " ".join((fault.findtext(path) or "").split())


def _local(code: str) -> str:
    return code.strip().rpartition(":")[2]

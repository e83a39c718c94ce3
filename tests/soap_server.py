"""A real SOAP service on loopback with its own WSDL, 1.1 and 1.2, written by hand."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lxml import etree

NS = "urn:acme:orders"
ENV = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
OPERATIONS = ("Echo", "Fail", "Hang", "Raw")

TYPES = """
<xs:element name="Session" type="xs:string"/>
<xs:simpleType name="Price"><xs:restriction base="xs:decimal"/></xs:simpleType>
<xs:complexType name="Line">
  <xs:sequence>
    <xs:element name="sku" type="xs:string"/><xs:element name="count" type="xs:int"/>
  </xs:sequence>
  <xs:attribute name="gift" type="xs:boolean"/>
</xs:complexType>
<xs:complexType name="Order"><xs:sequence>
  <xs:element name="id" type="xs:integer" minOccurs="0"/>
  <xs:element name="total" type="tns:Price" minOccurs="0"/>
  <xs:element name="day" type="xs:date" minOccurs="0"/>
  <xs:element name="at" type="xs:dateTime" minOccurs="0"/>
  <xs:element name="wait" type="xs:duration" minOccurs="0"/>
  <xs:element name="photo" type="xs:base64Binary" minOccurs="0"/>
  <xs:element name="paid" type="xs:boolean" minOccurs="0"/>
  <xs:element name="weight" type="xs:double" minOccurs="0"/>
  <xs:element name="note" type="xs:string" minOccurs="0"/>
  <xs:element name="line" type="tns:Line" minOccurs="0" maxOccurs="unbounded"/>
</xs:sequence></xs:complexType>
"""


def wsdl(port: int, *, types: str = "", extra: str = "") -> str:
    elements = "".join(
        f'<xs:element name="{name}" type="tns:Order"/>'
        f'<xs:element name="{name}Response" type="tns:Order"/>'
        for name in OPERATIONS
    )
    messages = "".join(
        f'<message name="{name}In"><part name="parameters" element="tns:{name}"/></message>'
        f'<message name="{name}Out"><part name="out" element="tns:{name}Response"/></message>'
        for name in OPERATIONS
    )
    ports = "".join(
        f'<operation name="{name}"><input message="tns:{name}In"/>'
        f'<output message="tns:{name}Out"/></operation>'
        for name in OPERATIONS
    )
    return f"""<?xml version="1.0"?>{extra}
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="{NS}" targetNamespace="{NS}"
    xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:s11="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/" name="Orders">
<types><xs:schema targetNamespace="{NS}" elementFormDefault="qualified">
{types}{TYPES}{elements}</xs:schema></types>
<message name="SessionIn"><part name="session" element="tns:Session"/></message>
{messages}<portType name="Orders">{ports}</portType>
{_binding("s11", "Old")}{_binding("s12", "New")}
<service name="Orders">
<port name="OldPort" binding="tns:Old"><s11:address location="http://127.0.0.1:{port}/soap/1.1"/></port>
<port name="NewPort" binding="tns:New"><s12:address location="http://127.0.0.1:{port}/soap/1.2"/></port>
</service></definitions>"""


def _binding(prefix: str, name: str) -> str:
    operations = "".join(
        f'<operation name="{each}"><{prefix}:operation soapAction="{NS}#{each}"/>'
        f'<input><{prefix}:header message="tns:SessionIn" part="session" use="literal"/>'
        f'<{prefix}:body use="literal"/></input>'
        f'<output><{prefix}:body use="literal"/></output></operation>'
        for each in OPERATIONS
    )
    return (
        f'<binding name="{name}" type="tns:Orders"><{prefix}:binding style="document" '
        f'transport="http://schemas.xmlsoap.org/soap/http"/>{operations}</binding>'
    )


class SoapUpstream:
    """`seen` are path, headers and envelope of each call; the rest is what it answers with."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str], etree._Element]] = []
        self.wsdl_reads = 0
        self.wsdl_status = 200
        self.wsdl_text = ""
        self.fault: tuple[str, str, str] = ("Server", "broken", "")
        self.raw: tuple[int, str, bytes] = (200, "text/xml", b"")
        self.password = ""
        self.let_go = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/orders?wsdl"

    def stop(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, headers: dict, body: bytes) -> tuple[int, str, bytes]:
        version = path.rpartition("/")[2]
        root = etree.fromstring(body)
        self.seen.append((path, headers, root))
        [message] = root.find(f"{{{ENV[version]}}}Body")
        name = etree.QName(message).localname
        if self.password and not self._knows(root):
            return self._fault(version, ("wsse:FailedAuthentication", "who are you", ""))
        if name == "Hang":
            self.let_go.wait(20)
        if name == "Fail":
            return self._fault(version, self.fault)
        if name == "Raw":
            return self.raw
        message.tag = f"{{{NS}}}{name}Response"
        return 200, "text/xml; charset=utf-8", _envelope(version, etree.tostring(message).decode())

    def _knows(self, root: etree._Element) -> bool:
        token = root.find(f".//{{{WSSE}}}UsernameToken")
        if token is None:
            return False
        given = token.find(f"{{{WSSE}}}Password")
        if given.get("Type").endswith("#PasswordText"):
            return given.text == self.password
        nonce = base64.b64decode(token.findtext(f"{{{WSSE}}}Nonce"))
        created = token.findtext(f"{{{WSU}}}Created").encode()
        digest = hashlib.sha1(nonce + created + self.password.encode()).digest()  # noqa: S324
        return given.text == base64.b64encode(digest).decode()

    @staticmethod
    def _fault(version: str, fault: tuple[str, str, str]) -> tuple[int, str, bytes]:
        code, message, detail = fault
        if version == "1.1":
            inside = (
                f"<faultcode>s:{code}</faultcode><faultstring>{message}</faultstring>"
                f"<detail>{detail}</detail>"
            )
        else:
            first, _, second = code.partition(".")
            sub = f"<s:Subcode><s:Value>x:{second}</s:Value></s:Subcode>" if second else ""
            inside = (
                f"<s:Code><s:Value>s:{first}</s:Value>{sub}</s:Code><s:Reason>"
                f'<s:Text xml:lang="en">{message}</s:Text></s:Reason><s:Detail>{detail}</s:Detail>'
            )
        return 500, "text/xml", _envelope(version, f"<s:Fault>{inside}</s:Fault>")


def _envelope(version: str, inside: str) -> bytes:
    text = f'<s:Envelope xmlns:s="{ENV[version]}"><s:Body>{inside}</s:Body></s:Envelope>'
    return text.encode()


def _handler(upstream: SoapUpstream):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            upstream.wsdl_reads += 1
            text = upstream.wsdl_text or wsdl(upstream.port)
            self._say(upstream.wsdl_status, "text/xml", text.encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._say(*upstream.answer(self.path, headers, body))

        def _say(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                super().handle()

    return Handler

"""XSD: XML judged before its rules and after, with lines; nothing is read from elsewhere."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from integration_hub.lib.errors import TransformFailed, ValidationFailed
from transformer.services import compile_spec
from transformer.xsd import compile_xsd

HEAD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
ORDER = f"""{HEAD}
  <xs:element name="order"><xs:complexType>
    <xs:sequence>
      <xs:element name="qty" type="xs:positiveInteger" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:attribute name="id" type="xs:integer" use="required"/>
  </xs:complexType></xs:element>
</xs:schema>"""


def spec(side, xsd=ORDER, kind="xml"):
    return compile_spec({side: {"format": kind, "schema": {"xsd": xsd}}}, response=True)


def refused(xsd):
    with pytest.raises(ValidationFailed) as caught:
        spec("input", xsd)
    [fault] = caught.value.errors
    assert fault.pointer == "/input/schema/xsd"
    return fault


@pytest.mark.parametrize("kind", ["xml", "xml_tree"])
def test_what_is_read_must_fit(kind):
    judged = spec("input", kind=kind)
    assert judged.read(b'<order id="7"><qty>2</qty></order>', "application/xml") is not None
    with pytest.raises(TransformFailed, match="does not fit its XSD") as caught:
        judged.read("<order>\n<qty>ä</qty>\n<x/></order>".encode("latin-1"), "; charset=latin-1")
    faults = caught.value.errors
    assert [(fault.code, fault.line) for fault in faults] == [
        ("SCHEMA", 1),
        ("SCHEMA", 2),
        ("SCHEMA", 3),
    ]
    assert faults[1].source_path == "/order/qty"
    assert "ä" in faults[1].detail


def test_what_is_written_must_fit():
    judged = spec("output")
    assert judged.write({"order": {"@id": 7, "qty": [1, 2]}}, "xml")[0].endswith(b"</order>")
    with pytest.raises(TransformFailed, match="result does not fit"):
        judged.write({"order": {"@id": 7, "qty": 0}}, "xml")


def test_malformed_documents_say_so_before_any_schema():
    with pytest.raises(TransformFailed, match="Not XML"):
        spec("input").read(b"<order>", "application/xml")
    with pytest.raises(TransformFailed, match="DOCTYPE"):
        spec("input").read(b"<!DOCTYPE order><order/>", "application/xml")


def test_a_schema_that_reads_other_documents_is_refused(tmp_path):
    other = tmp_path / "other.xsd"
    other.write_text(HEAD + '<xs:element name="a"/></xs:schema>')
    for leading in (
        f'<xs:include schemaLocation="{other}"/>',
        f'<xs:redefine schemaLocation="{other}"/>',
        f'<xs:import namespace="urn:x" schemaLocation="file://{other}"/>',
        '<xs:import namespace="urn:x" schemaLocation="http://127.0.0.1:9/x.xsd"/>',
    ):
        fault = refused(f"{HEAD}\n{leading}</xs:schema>")
        assert (fault.code, "(line 2)" in fault.detail) == ("REFERENCE", True)


def test_a_document_cannot_name_its_own_schema(tmp_path):
    (tmp_path / "own.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x">'
        '<xs:element name="b" type="xs:integer"/></xs:schema>'
    )
    lax = compile_xsd(
        f'{HEAD}<xs:element name="a"><xs:complexType><xs:sequence>'
        '<xs:any namespace="##other" processContents="lax"/>'
        "</xs:sequence></xs:complexType></xs:element></xs:schema>"
    )
    document = (
        '<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="urn:x {tmp_path}/own.xsd"><b xmlns="urn:x">no integer</b></a>'
    )
    assert lax.faults(document.encode()) == ()


@pytest.mark.parametrize(
    "xsd",
    [
        "",
        "<a/>",
        "<xs:schema",
        "<!DOCTYPE a [<!ENTITY x 'y'>]>" + ORDER,
        f'{HEAD}<xs:element name="a" type="b"/></xs:schema>',
        f"{HEAD}{' ' * 300_000}</xs:schema>",
        "\ud800",
    ],
)
def test_what_is_no_schema_is_refused(xsd):
    assert refused(xsd).code in ("XSD", "LIMIT_SIZE")


def test_only_xml_has_an_xsd():
    with pytest.raises(ValidationFailed) as caught:
        spec("input", kind="csv")
    assert caught.value.errors[0].pointer == "/input/schema/xsd"
    # A JSON Schema may speak of a member of this name.
    plain = {"input": {"schema": {"properties": {"xsd": {"type": "string"}}}}}
    assert compile_spec(plain, response=True).run({"xsd": "x"})


def test_patterns_and_counts_that_explode_are_stopped():
    begun = time.process_time()
    for pattern in ("(a|aa)*(a?){60}a{60}", "(x+x+)+y", "((a{1,100}){1,100}){1,100}"):
        xsd = compile_xsd(
            f'{HEAD}<xs:element name="a"><xs:simpleType><xs:restriction base="xs:string">'
            f'<xs:pattern value="{pattern}"/></xs:restriction></xs:simpleType></xs:element>'
            "</xs:schema>"
        )
        assert xsd.faults(b"<a>" + b"a" * 59 + b"x" * 100_000 + b"</a>")
    assert time.process_time() - begun < 10


def test_threads_may_share_one():
    shared = compile_xsd(ORDER)
    documents = [f'<order id="{"x" if n % 2 else n}"><qty>1</qty></order>' for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: len(shared.faults(text.encode())), documents))
    assert found == [n % 2 for n in range(200)]

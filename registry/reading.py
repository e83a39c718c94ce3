"""Bytes to a document: strict JSON or strict YAML, refused in bounded time with the place."""

from __future__ import annotations

from typing import Any

from integration_hub.lib import jsonsafe, yaml_reader
from integration_hub.lib.errors import Fault, UnsupportedMediaType, ValidationFailed

MAX_BYTES = 10 * 1024 * 1024


def read_document(
    raw: bytes,
    media_type: str | None = None,
    *,
    max_bytes: int = MAX_BYTES,
    what: str = "a definition document",
) -> dict[str, Any]:
    """The object in `raw`; without a media type the first character decides.

    Raises ValidationFailed (line and column in the fault) for text that is not
    acceptable, UnsupportedMediaType for a media type that is neither.
    """
    if len(raw) > max_bytes:
        raise _failed(f"larger than {max_bytes // 1024 // 1024} MiB", "TOO_LARGE")
    try:
        document = _load(raw, media_type)
    except jsonsafe.JSONFault as error:
        raise _failed(f"not acceptable JSON: {error}", "MALFORMED") from None
    except yaml_reader.YAMLFault as error:
        raise _failed(f"not acceptable YAML: {error}", "MALFORMED") from None
    if not isinstance(document, dict):
        raise _failed(f"{what} is an object (a mapping)", "TYPE")
    return document


def _load(raw: bytes, media_type: str | None) -> Any:
    if _is_json(raw, media_type):
        return jsonsafe.loads(raw)
    try:
        text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise yaml_reader.YAMLFault(f"not UTF-8 (line {line})") from None
    return yaml_reader.load(text)


def _is_json(raw: bytes, media_type: str | None) -> bool:
    if media_type is None:
        return raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
    essence = media_type.partition(";")[0].strip().lower()
    if essence == "application/json" or essence.endswith("+json"):
        return True
    if essence.rpartition("/")[2] in ("yaml", "x-yaml", "vnd.yaml") or essence.endswith("+yaml"):
        return False
    raise UnsupportedMediaType("Send the document as application/json or application/yaml.")


def _failed(detail: str, code: str) -> ValidationFailed:
    return ValidationFailed(
        f"The document cannot be read: {detail}.", errors=[Fault("", detail, code)]
    )

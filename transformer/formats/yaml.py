"""YAML 1.2, core types: what JSON can hold, strictly (`no` and dates stay text)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib import yaml_reader, yaml_writer
from integration_hub.lib.yaml_reader import YAMLFault
from transformer.faults import encode_failed, parse_failed
from transformer.format import Format, formats
from transformer.media import to_text


@formats.register("yaml")
class YAMLFormat(Format):
    name = "yaml"
    media_types = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
    suffixes = ("+yaml",)

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        try:
            return yaml_reader.load(to_text(raw, charset))
        except YAMLFault as fault:
            raise parse_failed(
                f"Not YAML: {fault}.", line=fault.line, column=fault.column, expected="YAML"
            ) from None

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        try:
            return yaml_writer.dump(document)
        except (UnicodeEncodeError, ValueError) as error:
            raise encode_failed("", f"YAML cannot hold this document: {error}") from None

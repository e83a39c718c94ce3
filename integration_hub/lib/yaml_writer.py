"""Documents as YAML that our own strict reader, and any other, reads back as the same value."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import yaml

from integration_hub.lib.yaml_reader import YAMLFault, load

_SHORT = 80  # characters


class _Dumper(yaml.CSafeDumper):
    """No aliases; text that some reader would take for something else is quoted."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, value: str) -> Any:
    style = None
    if "\n" in value and value.isprintable() is False and not value.startswith((" ", "\n")):
        style = "|"
    elif not (_survives_often(value) if len(value) <= _SHORT else _survives(value)):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


@lru_cache(maxsize=8_192)
def _survives_often(value: str) -> bool:
    """`_survives`, remembered: a document has few words, and many of each."""
    return _survives(value)


def _survives(value: str) -> bool:
    """Whether the bare text would be read back as itself."""
    if not value or value[0].isdigit() or value[0] in "+-.~":
        return False
    try:
        return bool(load(value) == value)
    except YAMLFault:
        return False


_Dumper.add_representer(str, _text)


def dump(document: Any) -> bytes:
    """UTF-8, members in their own order."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text.encode("utf-8")

"""What a file is called: as the external system says, made harmless."""

from __future__ import annotations

import re
import unicodedata
from email.message import Message
from urllib.parse import unquote, urlsplit

from registry.adapter import AdapterAnswer
from transformer.media import parse

LONGEST = 150
UNKNOWN = "application/octet-stream"
_MEDIA = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,100}")
_UNWANTED = re.compile(r"[^\w .()\[\]+,@=-]+")


def file_name(answer: AdapterAnswer) -> str:
    """From Content-Disposition, else the address; a plain name without folders, never empty."""
    given = _disposed(answer.headers.get("content-disposition", ""))
    if not given and answer.exchange is not None:
        given = unquote(urlsplit(answer.exchange.request.url).path)
    last = re.split(r"[/\\]", given.rstrip("/"))[-1]
    text = unicodedata.normalize("NFC", last.encode("utf-8", "ignore").decode())
    return _UNWANTED.sub("_", text).strip(". ")[-LONGEST:] or "answer"


def media_type(content_type: str) -> str:
    """Without parameters; what is none is bytes."""
    essence = parse(content_type).essence
    return essence if _MEDIA.fullmatch(essence) else UNKNOWN


def _disposed(header: str) -> str:
    if not header:
        return ""
    message = Message()
    message["Content-Disposition"] = header[:1_024].replace("\r", " ").replace("\n", " ")
    return str(message.get_filename() or "")

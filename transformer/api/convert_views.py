"""`/convert`: one format to another, through a transform if one is given."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, QueryDict
from django.utils.http import content_disposition_header
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from integration_hub.api.filters import check_parameters
from integration_hub.api.views import HubView
from integration_hub.lib.errors import (
    Fault,
    Forbidden,
    TransformFailed,
    ValidationFailed,
)
from integration_hub.lib.near import near_names
from transformer import media
from transformer.api import convert_openapi as openapi
from transformer.api.parsers import (
    AnyNegotiation,
    AnyRenderer,
    RawBody,
    RawParser,
    UploadParser,
    uploaded,
)
from transformer.asking import FIELDS, MAX_TEXT, Asked, Sent, convert_sent, read_asked

FILE = "file"


@extend_schema(tags=["transforms"])
class ConvertView(HubView):
    """One format to another, in the shapes of docs/transforms.md."""

    required_scopes = {"POST": ("execute", "read")}
    problems = {"POST": (ValidationFailed, TransformFailed)}
    query_parameters = frozenset(FIELDS)
    parser_classes = (UploadParser, RawParser)
    renderer_classes = (AnyRenderer,)
    content_negotiation_class = AnyNegotiation

    @extend_schema(
        request=openapi.CONVERT_BODY,
        responses=openapi.CONVERTED,
        parameters=openapi.PARAMETERS,
        examples=openapi.EXAMPLES,
    )
    def post(self, request: Request) -> HttpResponse:
        """The body, or the uploaded `file`, written as `to`: a download.

        `from` names its format; else the Content-Type does, or the file's ending. A body of
        `multipart/form-data` may have the parameters as fields. `spec` shapes what is read before
        it is written; `{"use": "name@^1"}` takes a named transform, and the scope `read`.
        """
        check_parameters(request, self.query_parameters)
        body: Any = request.data
        texts = _once(request.query_params)
        if isinstance(body, RawBody):
            sent = Sent(body.content, body.content_type)
        elif media.parse(request.content_type or "").essence in UploadParser.media_types:
            sent = _file(request)
            texts = _joined(texts, _fields(request))
        else:  # there is no body, so no parser was asked
            sent = Sent(b"", "")
        asked = read_asked(texts)
        self._check_use(asked)
        made = convert_sent(sent, asked)
        answer = HttpResponse(made.content, content_type=made.content_type)
        answer["Content-Disposition"] = content_disposition_header(True, made.name)
        return answer

    def _check_use(self, asked: Asked) -> None:
        """What is stored is read by who may read it."""
        if "use" in asked.spec and not self.request.caller.can("read"):
            raise Forbidden(
                "A named transform (`use`) takes the scope read; send the spec itself, "
                "or use a token that has it."
            )


def _once(values: QueryDict) -> dict[str, str]:
    """Each name with its value. Raises ValidationFailed for one that stands twice."""
    for name, given in values.lists():
        if len(given) > 1:
            raise _wrong(name, f"`{name[:100]}` is given {len(given)} times; give it once.")
    return {name: str(value) for name, value in values.items()}


def _joined(query: dict[str, str], fields: dict[str, str]) -> dict[str, str]:
    twice = sorted(query.keys() & fields.keys())
    if twice:
        raise _wrong(twice[0], f"`{twice[0]}` is in the address and in the form; give it once.")
    return query | fields


def _fields(request: Request) -> dict[str, str]:
    """The form's texts, also those sent as files (`-F spec=@spec.yaml`)."""
    texts = _once(request.POST)
    if FILE in texts:
        raise _wrong(FILE, "`file` is sent as a file, with a name: -F file=@orders.csv.")
    for name, given in request.FILES.lists():
        if name != FILE:
            if len(given) > 1 or name in texts:
                raise _wrong(name, f"`{name[:100]}` is given more than once; give it once.")
            texts[name] = _text_of(name, given[0])
    unknown = sorted(texts.keys() - set(FIELDS))
    if unknown:
        raise ValidationFailed(
            f"Unknown field {unknown[0][:100]!r}; the form takes {', '.join((FILE, *FIELDS))}.",
            errors=[
                Fault(f"/{name[:100]}", "is no field of this form", "FIELD")
                for name in unknown[:100]
            ],
            suggestions=near_names(unknown[0][:100], (FILE, *FIELDS)),
        )
    return texts


def _text_of(name: str, file: Any) -> str:
    if name not in FIELDS:
        return ""
    if file.size > 4 * MAX_TEXT:
        raise _wrong(name, f"`{name}` has at most {MAX_TEXT >> 10} KiB.")
    try:
        return str(file.read().decode())
    except UnicodeDecodeError as error:
        raise _wrong(name, f"`{name}` is not UTF-8: wrong byte at {error.start}.") from None


def _file(request: Request) -> Sent:
    given = request.FILES.getlist(FILE)
    if len(given) != 1:
        what = "is missing" if not given else f"stands {len(given)} times"
        raise _wrong(FILE, f"`file` {what}; send one file: -F file=@orders.csv.")
    return uploaded(given[0])


def _wrong(name: str, detail: str) -> ValidationFailed:
    return ValidationFailed(detail, errors=[Fault(f"/{name[:100]}", detail, "FIELD")])

"""Converting a file in the admin: given, converted while the page waits, downloaded."""

from __future__ import annotations

import tempfile
from pathlib import PurePath
from typing import IO, Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from integration_hub.lib import yaml_reader
from integration_hub.lib.errors import HubError
from registry.admin.verbs import sentences
from transformer.conversion import format_of, format_said, plan_conversion, with_options
from transformer.format import formats
from transformer.named.using import spec_of
from transformer.streaming import BadRow, RowsDoNotFit

_SEES = "registry.view_definition"
_IN_MEMORY = 1024 * 1024
_MOST_SHOWN = 100
_HEAD = 1_024
_SHAPES = (("rows", "each row, in files of rows"), ("document", "the document as a whole"))


def _yaml(label: str, rows: int, help_text: str) -> forms.CharField:
    area = UnfoldAdminTextareaWidget(attrs={"rows": rows, "spellcheck": "false"})
    return forms.CharField(
        label=label,
        required=False,
        strip=False,
        max_length=256 * 1024,
        widget=area,
        help_text=help_text,
    )


class ConvertForm(forms.Form):
    """A file, with its form of at most HUB_MAX_REQUEST_BYTES, and what is to become of it."""

    upload = forms.FileField(
        label="File",
        widget=UnfoldAdminFileFieldWidget,
        help_text="As large as a request may be; the command manage.py convert takes any size.",
    )
    source = forms.ChoiceField(
        label="From",
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="What the file is; if not said, its name's ending tells.",
    )
    source_options = _yaml(
        "Its options", 2, 'Such as {delimiter: ";"} of csv, or {rows: orders/order} of xml.'
    )
    target = forms.ChoiceField(label="To", widget=UnfoldAdminSelectWidget)
    target_options = _yaml(
        "Options of the result", 2, "Such as {root: orders} of xml, or {sheet: Stock} of xlsx."
    )
    spec = _yaml(
        "Transform",
        10,
        "Optional, YAML or JSON: rules, an expression or a template; or a named transform, "
        "such as use: contact@^1.",
    )
    shape = forms.ChoiceField(
        label="The transform shapes",
        required=False,
        choices=_SHAPES,
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reads = [(name, name) for name, found in formats if found.readable]
        writes = [(name, name) for name, found in formats if found.writable]
        self.fields["source"].choices = [("", "as its name says"), *reads]  # type: ignore[attr-defined]
        self.fields["target"].choices = writes  # type: ignore[attr-defined]

    def clean_source_options(self) -> dict[str, Any]:
        return self._object("source_options", 'Options are an object: {delimiter: ";"}')

    def clean_target_options(self) -> dict[str, Any]:
        return self._object("target_options", "Options are an object: {root: orders}")

    def clean_spec(self) -> dict[str, Any]:
        return self._object("spec", "The transform is an object: rules: […]")

    def _object(self, name: str, otherwise: str) -> dict[str, Any]:
        try:
            found = yaml_reader.load(self.cleaned_data[name] or "{}")
        except yaml_reader.YAMLFault as fault:
            raise forms.ValidationError(f"This is neither YAML nor JSON: {fault}") from None
        if not isinstance(found, dict):
            raise forms.ValidationError(otherwise)
        return found


class _Bad(Exception):
    """There are bad rows, and enough is known of them."""


class _Gathering:
    """Bad rows, up to as many as a page shows."""

    def __init__(self, rows: list[BadRow]) -> None:
        self._rows = rows

    def take(self, row: BadRow) -> None:
        self._rows.append(row)
        if len(self._rows) >= _MOST_SHOWN:
            raise _Bad

    def end(self) -> None:
        if self._rows:
            raise _Bad


@require_http_methods(["GET", "HEAD", "POST"])
def convert(request: HttpRequest) -> HttpResponseBase:
    """The form; and with a file the converted one, or what is wrong with it."""
    if not request.user.has_perm(_SEES):
        raise PermissionDenied
    posted = request.method == "POST"
    form = ConvertForm(request.POST, request.FILES) if posted else ConvertForm()
    bad: list[BadRow] = []
    if form.is_valid():
        try:
            return _converted(form.cleaned_data, bad)
        except HubError as error:
            form.add_error(None, sentences(error)[: _MOST_SHOWN + 1])
        except RowsDoNotFit as error:
            form.add_error(None, str(error))
        except _Bad:
            count = f"{_MOST_SHOWN} or more" if len(bad) >= _MOST_SHOWN else str(len(bad))
            form.add_error(None, f"Nothing is converted: bad rows, {count} of them.")
    context = {"title": "Convert a file", "form": form, "bad": bad}
    whole = {**admin.site.each_context(request), **context}
    return TemplateResponse(request, "admin/transformer/convert.html", whole)


def _converted(data: dict[str, Any], bad: list[BadRow]) -> FileResponse:
    """Raises HubError, RowsDoNotFit, and _Bad for rows, which are in `bad` then."""
    upload: Any = data["upload"]
    name = PurePath(upload.name or "file")
    source: IO[bytes] = upload.open("rb").file
    spec = spec_of(data["spec"])
    plan = plan_conversion(
        source=format_of(data["source"] or format_said(spec, "input"), name.name),
        target=data["target"],
        spec=with_options(spec, source=data["source_options"], target=data["target_options"]),
        whole=data["shape"] == "document",
        array=_begins_an_array(source),
    )
    gathering = _Gathering(bad)
    sink = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the response closes it
    try:
        plan.run(source, cast(IO[bytes], sink), on_bad=gathering.take, on_progress=lambda _: None)
        gathering.end()
    except BaseException:
        sink.close()
        raise
    sink.seek(0)
    kind = plan.content_type(sink.read(_HEAD))
    sink.seek(0)
    return FileResponse(
        sink, as_attachment=True, filename=plan.file_name(name.name), content_type=kind
    )


def _begins_an_array(source: IO[bytes]) -> bool:
    head = source.read(4096)
    source.seek(0)
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["

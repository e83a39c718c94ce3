"""The spelling of names: camelCase, snake_case and their kin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from transformer.transform import ValueTransform, choice, text_only, transforms

_RUNS = re.compile(r"[^\W_]+")
_STYLES: dict[str, Callable[[list[str]], str]] = {
    "camel": lambda words: "".join([*words[:1], *map(str.capitalize, words[1:])]),
    "pascal": lambda words: "".join(map(str.capitalize, words)),
    "snake": "_".join,
    "kebab": "-".join,
    "constant": lambda words: "_".join(words).upper(),
    "title": lambda words: " ".join(map(str.capitalize, words)),
    "sentence": lambda words: " ".join(words).capitalize(),
}


@transforms.register("case")
class Case(ValueTransform):
    name = "case"
    title = "The spelling of a name"
    options = (choice("style", tuple(_STYLES), says="How its words are put together."),)

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        words = [word.lower() for run in _RUNS.findall(text_only(value)) for word in _words(run)]
        return _STYLES[options["style"]](words)


def _words(run: str) -> Iterator[str]:
    """A capital begins a word; of several in a row the last one does: HTTPServer → HTTP Server."""
    start = 0
    for at in range(1, len(run)):
        after_small = not run[at - 1].isupper()
        before_small = at + 1 < len(run) and run[at + 1].islower()
        if run[at].isupper() and (after_small or before_small):
            yield run[start:at]
            start = at
    yield run[start:]

"""What a definition of the catalogue must have beyond being valid: nobody finds half of one.

A sample (a system that only shows the hub, tagged `sample`) need not be complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from integration_hub.lib.errors import Fault
from integration_hub.lib.pointers import join
from registry.spec import AuthSpec, DefinitionSpec, MethodSpec

CATEGORIES = (
    *("source-control", "chat", "mail", "calendar", "storage", "documents", "payments"),
    *("commerce", "crm", "tickets", "telephony", "maps", "weather", "llm", "database"),
    *("infrastructure", "marketing"),
)
FEWEST_METHODS = 5
SAMPLE_TAG = "sample"

_LEAST_TEXT = 15  # characters: less says nothing that the name does not
_POLICIES = {
    "rate_limit": "what the service's documentation allows (or `max_concurrency` alone)",
    "retry": "how often a transient failure is tried again",
    "transient": "which statuses and bodies are worth another try",
    "health_check": "a method that reads, needs no parameter and costs little",
}
_SEVERAL = ("list_", "search_")
_UNSAFE = frozenset({"POST", "PATCH"})


def missing(spec: DefinitionSpec) -> Iterator[Fault]:
    """Every gap, with its place and what to write there; none for a sample."""
    if SAMPLE_TAG in spec.tags:
        return
    yield from _of_definition(spec)
    yield from _of_policies(spec)
    yield from _of_config(spec)
    for index, entry in enumerate(spec.auth):
        yield from _of_auth(entry, f"/auth/{index}")
    for method in spec.methods.values():
        yield from _of_method(method, spec.document, join(("methods", method.name)))


def sample_config(spec: DefinitionSpec) -> dict[str, Any]:
    """A config that an instance could have: defaults, else the first `examples` of a property."""
    properties = (spec.config_schema or {}).get("properties", {})
    examples = {
        name: schema["examples"][0]
        for name, schema in properties.items()
        if isinstance(schema, Mapping) and schema.get("examples")
    }
    return examples | dict(spec.default_config)


def _gap(pointer: str, detail: str) -> Fault:
    return Fault(pointer, detail, "INCOMPLETE")


def _of_definition(spec: DefinitionSpec) -> Iterator[Fault]:
    if len(spec.description) < _LEAST_TEXT:
        yield _gap("/description", "Say in a sentence what the service is for.")
    if not str(spec.document.get("docs_url", "")).startswith("https://"):
        yield _gap("/docs_url", "Give the https address of the service's API reference.")
    found = [tag for tag in spec.tags if tag in CATEGORIES]
    if len(found) != 1:
        yield _gap("/tags", f"Give exactly one category: {', '.join(CATEGORIES)}.")
    if not spec.auth:
        yield _gap("/auth", "Say how one signs in; `[{type: none}]` where nobody has to.")
    if len(spec.methods) < FEWEST_METHODS:
        detail = f"Has {len(spec.methods)}; describe at least {FEWEST_METHODS} that people use."
        yield _gap("/methods", detail)


def _of_policies(spec: DefinitionSpec) -> Iterator[Fault]:
    for name, meaning in _POLICIES.items():
        if not spec.document.get(name):
            yield _gap(f"/{name}", f"Say {meaning}.")
    health = spec.methods.get(spec.health_method)
    if health is not None and health.risk != "read":
        yield _gap("/health_check/method", f"Its risk is {health.risk}: name one that reads.")


def _of_config(spec: DefinitionSpec) -> Iterator[Fault]:
    schema = spec.config_schema or {}
    config = sample_config(spec)
    for name in schema.get("required", ()):
        if name not in config:
            detail = "Give a default in `default_config`, or the property an `examples` entry."
            yield _gap(join(("config_schema", "properties", name)), detail)
    address = str(config.get("base_url", "https://"))
    if not address.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        yield _gap("/default_config/base_url", "A public service is called over https.")


def _of_auth(entry: AuthSpec, base: str) -> Iterator[Fault]:
    if entry.type == "none":
        return
    if not entry.errors:
        detail = "Say what a refused credential looks like (status 401 …) and its outcome."
        yield _gap(f"{base}/errors", detail)
    if entry.type == "oauth2":
        yield from _of_oauth(entry.options, base)


def _of_oauth(options: Mapping[str, Any], base: str) -> Iterator[Fault]:
    needed = ["grant", "token_url", "scopes"]
    if options.get("grant") == "authorization_code":
        needed.append("authorization_url")
    for name in needed:
        if name not in options:
            detail = "Write it out; `scopes: []` where the service has none."
            yield _gap(f"{base}/{name}", detail)
    for name in ("token_url", "authorization_url"):
        if not str(options.get(name, "/")).startswith(("https://", "/")):
            yield _gap(f"{base}/{name}", "Tokens travel over https only.")


def _of_method(method: MethodSpec, document: Mapping[str, Any], base: str) -> Iterator[Fault]:
    written = document["methods"][method.name]
    if len(method.description) < _LEAST_TEXT:
        yield _gap(f"{base}/description", "Say in a sentence what a call does.")
    if "risk" not in written:
        yield _gap(f"{base}/risk", "Say read, write or destructive.")
    yield from _of_safety(method, written, base)
    yield from _of_parameters(method.param_schema, f"{base}/param_schema")
    if not _tells(method.result_schema):
        detail = "Name the members of the result (`{type: 'null'}` for an empty answer)."
        yield _gap(f"{base}/result_schema", detail)
    yield from _of_examples(method.examples, f"{base}/examples")
    if method.name.startswith(_SEVERAL) and method.pagination is None:
        detail = "A list has pages; a method that has none is called get_… or find_…."
        yield _gap(f"{base}/pagination", detail)


def _of_safety(method: MethodSpec, written: Mapping[str, Any], base: str) -> Iterator[Fault]:
    verb = method.protocol.get("method")
    if verb in _UNSAFE and "idempotent" not in written and not method.idempotency_header:
        detail = "Say whether a repeat is harmless, or name the `idempotency_header`."
        yield _gap(f"{base}/idempotent", detail)
    if verb == "DELETE" and method.risk != "destructive":
        yield _gap(f"{base}/risk", "What deletes is destructive.")
    if verb in ("PUT", "DELETE") and method.risk == "read":
        yield _gap(f"{base}/risk", f"{verb} changes something.")


def _of_parameters(schema: Any, place: str) -> Iterator[Fault]:
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        yield _gap(place, "Describe the parameters as an object; `properties: {}` for none.")
        return
    if schema.get("additionalProperties") is not False:
        detail = "Close it (`additionalProperties: false`): a slip in a name must be told."
        yield _gap(f"{place}/additionalProperties", detail)
    for name, entry in schema.get("properties", {}).items():
        known = isinstance(entry, Mapping) and {"type", "enum", "const", "anyOf", "oneOf"} & {
            *entry
        }
        if not known:
            yield _gap(f"{place}/properties/{name}", "Say its type.")


def _of_examples(examples: Iterable[Mapping[str, Any]], place: str) -> Iterator[Fault]:
    entries = list(examples)
    if not entries:
        yield _gap(place, "Give one with `parameters` and `result`.")
    for index, example in enumerate(entries):
        for name in ("parameters", "result"):
            if name not in example:
                yield _gap(f"{place}/{index}/{name}", "An example shows both sides of a call.")


def _tells(schema: Any) -> bool:
    """Whether a schema says what is in a result."""
    if not isinstance(schema, Mapping):
        return False
    if schema.get("type") == "array":
        return _tells(schema.get("items"))
    if schema.get("type") == "object":
        others = isinstance(schema.get("additionalProperties"), Mapping)
        return others or bool(schema.get("properties"))
    return "type" in schema or "enum" in schema

"""The `sql` adapter: one statement of the definition a call, its values bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from executor.sql.checks import method_faults
from executor.sql.lending import PORTS, SESSIONS, pool, session_for
from executor.sql.refusals import AWAY, LOGIN, WRITES_REFUSED, Refusal
from executor.sql.session import Session, allowed_seconds
from executor.sql.statement import Bound, Statement, bind, parse
from executor.sql.values import taken
from executor.tcp import location
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Cancelled, ConnectionFailed, Fault, HubError, TimedOut
from registry.adapter import Adapter, AdapterAnswer, AdapterCall, Exchanged, Sent, adapters
from registry.adapter_values import json_answer
from registry.spec import MethodSpec

MAX_ROWS, ROWS = 10_000, 1_000
MAX_BYTES, BYTES = 8 * 1024 * 1024, 1024 * 1024


@adapters.register("sql")
class SqlAdapter(Adapter):
    type: ClassVar[str] = "sql"
    title: ClassVar[str] = "SQL database"
    keeps_deadline: ClassVar[bool] = True
    supported_auth: ClassVar[frozenset[str]] = frozenset({"none", "basic", "mtls"})

    def close(self) -> None:
        pool.close()

    def config_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["dialect", "database"],
            "properties": {
                "dialect": {"enum": sorted(SESSIONS), "title": "Database system"},
                **location.properties(
                    required="verified for the host's name, or no connection is made",
                    off="in clear, the password too where the server asks for it so",
                ),
                "database": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 255,
                    "title": "Database",
                    "description": "Its name; for sqlite a file within HUB_SQLITE_DIR.",
                },
            },
            "if": {"properties": {"dialect": {"const": "sqlite"}}},
            "else": {"required": ["host"]},
        }

    def method_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["statement"],
            "additionalProperties": False,
            "properties": {
                "statement": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 64 * 1024,
                    "description": "One statement; :x is parameter x, IN :x a list of values.",
                },
                "mode": {
                    "enum": ["read", "write"],
                    "description": "read (unless said) runs in a transaction that cannot write.",
                },
                "max_rows": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_ROWS,
                    "description": f"Rows of the result, {ROWS} unless said; truncated tells "
                    "that there were more.",
                },
                "max_bytes": {
                    "type": "integer",
                    "minimum": 1024,
                    "maximum": MAX_BYTES,
                    "description": f"Of the rows as JSON, {BYTES} unless said.",
                },
            },
        }

    def check_method(self, method: MethodSpec) -> Iterable[Fault]:
        return method_faults(method)

    def needed_parameters(self, protocol: Mapping[str, Any]) -> frozenset[str]:
        return parse(str(protocol.get("statement", ""))).lists

    def is_idempotent(self, protocol: Mapping[str, Any]) -> bool:
        return protocol.get("mode") != "write"

    def preview(self, call: AdapterCall) -> Sent:
        statement = _statement(call.method)
        dialect = str(call.config["dialect"])
        url = f"sqlite:///{call.config['database']}"
        if dialect in PORTS:
            port = location.port_of(call.config, PORTS[dialect])
            host, path = str(call.config["host"]), str(call.config["database"])
            url = location.url_of(dialect, host, port, path)
        given = call.body if call.has_body else call.parameters
        body = {"statement": call.method.protocol["statement"], "parameters": given}
        mode = str(call.method.protocol.get("mode", "read"))
        return Sent(statement.verb, url, {"mode": mode}, jsonsafe.dumps(body))

    def call(self, call: AdapterCall) -> AdapterAnswer:
        writes = call.method.protocol.get("mode") == "write"
        statement = _statement(call.method)
        bound = bind(statement, call, SESSIONS[str(call.config["dialect"])].dialect)
        exchange = Exchanged(self.preview(call))
        try:
            with session_for(call, writes=writes) as session:
                answer = _answer(session, call, statement, bound, exchange)
                _end(session)
                return answer
        except Refusal as refusal:  # of the login
            if refusal.status == AWAY:
                raise _takes_none(refusal) from None
            return _refused(refusal, exchange)


def _answer(
    session: Session, call: AdapterCall, statement: Statement, bound: Bound, exchange: Exchanged
) -> AdapterAnswer:
    try:
        return json_answer(_result(session, call, statement, bound), exchange=exchange)
    except Refusal as refusal:
        return _refused(refusal, exchange)


def _result(
    session: Session, call: AdapterCall, statement: Statement, bound: Bound
) -> dict[str, Any]:
    block = call.method.protocol
    writes = block.get("mode") == "write"
    committing = False
    try:
        seconds = allowed_seconds(call.deadline.check(sent=False))
        session.begin(writes=writes, seconds=seconds)
        found = session.run(statement, bound, writes=writes)
        rows = taken(
            found,
            max_rows=int(block.get("max_rows", ROWS)),
            max_bytes=int(block.get("max_bytes", BYTES)),
        )
        if writes:
            committing = True
            session.commit()
    except (TimedOut, ConnectionFailed, Cancelled) as error:
        # Before its commit, what a transaction wrote is undone when its connection ends.
        error.sent = committing or not (writes and session.undoes)
        raise
    result = {"rows": rows.rows, "count": len(rows.rows), "truncated": rows.truncated}
    return {**result, "affected": found.affected} if writes else result


def _end(session: Session) -> None:
    """The answer is there: a connection that cannot be tidied up is not kept, and that is all."""
    try:
        session.end()
    except (HubError, Refusal):
        session.usable = False


def _refused(refusal: Refusal, exchange: Exchanged) -> AdapterAnswer:
    code = f" ({refusal.code})" if refusal.code else ""
    what = "the login" if refusal.status == LOGIN else "the statement"
    said = f"refused {what}{code}"
    if refusal.code in WRITES_REFUSED:
        said = f"{said}: it writes, and the method's mode is read"
    value = {"code": refusal.code, **refusal.said}
    return json_answer(value, exchange=exchange, status=refusal.status, said=said)


def _takes_none(refusal: Refusal) -> ConnectionFailed:
    return ConnectionFailed(f"The database takes no connection now ({refusal.code}).", sent=False)


def _statement(method: MethodSpec) -> Statement:
    """Parsed once for a method as it was loaded."""
    found: Statement | None = method.memo.get("sql")
    if found is None:
        found = method.memo["sql"] = parse(str(method.protocol["statement"]))
    return found

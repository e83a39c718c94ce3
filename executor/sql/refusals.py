"""What a database says no with, as the HTTP status that means the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BAD, LOGIN, DENIED, ABSENT, CLASH, VALUE, AGAIN, FAULT, AWAY = (
    400, 401, 403, 404, 409, 422, 429, 500, 503,
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Refusal(Exception):
    """`code` is the database's own (a SQLSTATE, an error number), `said` its message and more."""

    status: int
    code: str
    said: Mapping[str, str] = field(default_factory=dict)


WRITES_REFUSED = frozenset({"25006", "1792", "SQLITE_READONLY", "SQLITE_AUTH"})

# SQLSTATE (PostgreSQL, appendix A): the longest beginning counts.
_STATES = {
    "0A": BAD,
    "08": AWAY,
    "22": VALUE,
    "23": CLASH,
    "25": BAD,
    "28": LOGIN,
    "3D000": ABSENT,
    "40001": AGAIN,
    "40P01": AGAIN,
    "42": BAD,
    "42501": DENIED,
    "53": AWAY,
    "54": BAD,
    "55P03": AGAIN,
    "57P": AWAY,
    "P0001": VALUE,
}

# Error numbers of MariaDB and MySQL.
_NUMBERS = {
    **dict.fromkeys((1045, 1251, 1275, 1698, 2059), LOGIN),
    **dict.fromkeys((1044, 1095, 1142, 1143, 1227, 1290, 1370), DENIED),
    **dict.fromkeys((1049, 1051, 1054, 1064, 1146, 1149, 1222, 1235, 1305, 1318, 1792), BAD),
    **dict.fromkeys(
        (1022, 1048, 1062, 1169, 1216, 1217, 1451, 1452, 1557, 1586, 3819, 4025), CLASH
    ),
    **dict.fromkeys((1264, 1265, 1292, 1366, 1406, 1411, 1525, 1644, 1690), VALUE),
    **dict.fromkeys((1205, 1213), AGAIN),
    **dict.fromkeys((1037, 1038, 1040, 1041, 1053, 1203, 1226), AWAY),
}


def of_state(state: str) -> int:
    for length in (5, 3, 2):
        if (found := _STATES.get(state[:length])) is not None:
            return found
    return FAULT


def of_number(number: int) -> int:
    return _NUMBERS.get(number, FAULT)

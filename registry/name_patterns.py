"""How names in a definition are spelt."""

SLUG_PATTERN = "^[a-z0-9](?:[a-z0-9_-]{0,78}[a-z0-9])?$"
VERSION_PATTERN = (
    r"^(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})"
    r"(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?$"
)
METHOD_PATTERN = "^[A-Za-z_][A-Za-z0-9_.-]{0,119}$"
HEADER_PATTERN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$"

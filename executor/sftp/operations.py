"""What a method does on the server. Each takes a client and a request, and gives a document."""

from __future__ import annotations

import errno
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import paramiko

from executor.sftp import paths
from integration_hub.lib.errors import ResponseInvalid

PIECE = 256 * 1024  # bytes handed on at a time; the protocol's own packets are 32 KiB
MAX_ENTRIES = 10_000
DEFAULT_ENTRIES = 1_000

# How paramiko raises a status of the server, and a channel that is gone.
_SAID_NO = (None, errno.ENOENT, errno.EACCES)
_CLOSED = "Socket is closed"

_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISLNK, "link"),
)


class Refused(Exception):
    """The server said no: `status` is the HTTP status that says the same."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status, self.said = status, said


@dataclass(frozen=True, slots=True)
class Request:
    """One operation: paths below `root`, and the bytes of a put."""

    operation: str
    root: str
    path: str
    to: str = ""
    overwrite: bool = True
    content: bytes = b""
    pattern: str = ""
    max_entries: int = DEFAULT_ENTRIES


def run(client: paramiko.SFTPClient, request: Request) -> Any:
    """The document of every operation but get. Raises Refused, ResponseInvalid."""
    with refusals():
        return _RUN[request.operation](client, request)


@contextmanager
def refusals() -> Iterator[None]:
    """What the server says no with becomes Refused; a connection that broke stays what it is."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise ResponseInvalid("The server gave a name that is not UTF-8.") from error
    except OSError as error:
        if error.errno not in _SAID_NO or str(error) == _CLOSED:
            raise
        raise _refusal(error) from error


def _refusal(error: OSError) -> Refused:
    """SFTP has three answers: not there, not allowed, and failure for all the rest."""
    said = " ".join(str(error.strerror or error).split())[:200]
    if error.errno == errno.ENOENT:
        return Refused(404, f"said that there is no such file ({said})")
    if error.errno == errno.EACCES:
        return Refused(403, f"did not permit it ({said})")
    return Refused(409, f"could not do it ({said})")


def resolved(client: paramiko.SFTPClient, request: Request, path: str) -> str:
    """The real path of something that is there, inside the root. Raises TargetForbidden."""
    root = client.normalize(request.root)
    return paths.require_within(root, client.normalize(paths.below(root, path)))


def placed(client: paramiko.SFTPClient, request: Request, path: str) -> str:
    """The path of something that need not be there, in a real folder inside the root."""
    root = client.normalize(request.root)
    folder, name = paths.parent_and_name(paths.below(root, path) if path else "")
    return paths.below(paths.require_within(root, client.normalize(folder or "/")), name)


def _list(client: paramiko.SFTPClient, request: Request) -> Any:
    entries: list[dict[str, Any]] = []
    complete = True
    for found in client.listdir_iter(resolved(client, request, request.path)):
        if request.pattern and not fnmatchcase(found.filename, request.pattern):
            continue
        if len(entries) >= request.max_entries:
            complete = False
            break
        entries.append(_described(found.filename, found))
    return {"entries": sorted(entries, key=lambda e: str(e["name"])), "complete": complete}


def _stat(client: paramiko.SFTPClient, request: Request) -> Any:
    found = client.stat(resolved(client, request, request.path))
    return _described(request.path.rpartition("/")[2] or "/", found)


def _put(client: paramiko.SFTPClient, request: Request) -> Any:
    """Under another name first, then renamed: nobody ever reads half of it."""
    target = placed(client, request, request.path)
    if not request.overwrite and _is_there(client, target):
        raise Refused(409, "has a file of that name already")
    folder, name = paths.parent_and_name(target)
    part = f"{folder}/.{name[:180]}.{secrets.token_hex(8)}.part"
    try:
        _write(client, part, request.content)
        _moved(client, part, target, overwrite=request.overwrite)
    except BaseException:
        with suppress(OSError, EOFError, paramiko.SSHException):
            client.remove(part)
        raise
    return {"path": f"/{request.path}", "size": len(request.content)}


def _write(client: paramiko.SFTPClient, path: str, content: bytes) -> None:
    with client.open(path, "wbx") as file, memoryview(content) as view:
        file.set_pipelined(True)
        for at in range(0, len(view), PIECE):
            file.write(bytes(view[at : at + PIECE]))
    kept = client.stat(path).st_size
    if kept != len(content):
        raise Refused(409, f"kept {kept} of {len(content)} bytes")


def _moved(client: paramiko.SFTPClient, source: str, target: str, *, overwrite: bool) -> None:
    """A server without POSIX rename may still replace by a plain one; none ever goes without."""
    if overwrite:
        with suppress(OSError):
            client.posix_rename(source, target)
            return
    client.rename(source, target)


def _delete(client: paramiko.SFTPClient, request: Request) -> Any:
    target = placed(client, request, request.path)
    if stat.S_ISDIR(client.lstat(target).st_mode or 0):
        client.rmdir(target)
    else:
        client.remove(target)
    return {"path": f"/{request.path}"}


def _mkdir(client: paramiko.SFTPClient, request: Request) -> Any:
    client.mkdir(placed(client, request, request.path))
    return {"path": f"/{request.path}"}


def _rename(client: paramiko.SFTPClient, request: Request) -> Any:
    source = placed(client, request, request.path)
    target = placed(client, request, request.to)
    client.lstat(source)
    if not request.overwrite and _is_there(client, target):
        raise Refused(409, "has a file of that name already")
    _moved(client, source, target, overwrite=request.overwrite)
    return {"path": f"/{request.to}"}


def _is_there(client: paramiko.SFTPClient, path: str) -> bool:
    try:
        client.lstat(path)
    except FileNotFoundError:
        return False
    return True


def _described(name: str, found: paramiko.SFTPAttributes) -> dict[str, Any]:
    mode = found.st_mode or 0
    kind = next((word for is_it, word in _KINDS if is_it(mode)), "other")
    changed = found.st_mtime
    return {
        "name": name,
        "type": kind,
        "size": found.st_size,
        "modified": None if changed is None else datetime.fromtimestamp(changed, UTC),
        "mode": f"{stat.S_IMODE(mode):04o}",
    }


_RUN: Mapping[str, Callable[[paramiko.SFTPClient, Request], Any]] = {
    "list": _list,
    "stat": _stat,
    "put": _put,
    "delete": _delete,
    "mkdir": _mkdir,
    "rename": _rename,
}

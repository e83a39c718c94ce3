"""A real SFTP server on loopback: paramiko's server side over a folder, one thread a session."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from pathlib import Path

import paramiko
from paramiko import SFTP_FAILURE, SFTP_OK, SFTPAttributes, SFTPHandle, SFTPServer

USER, PASSWORD = "hub", "canary-pass-71c4"


class SftpUpstream:
    """`root` is what it serves as `/`. `logins` are the attempts, `stall` holds every read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.key = paramiko.ECDSAKey.generate()
        self.accepted_keys: list[str] = []
        self.logins: list[tuple[str, str]] = []
        self.operations: list[str] = []
        self.stall = threading.Event()
        self.die_at: str = ""
        self.posix_rename = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._transports: list[paramiko.Transport] = []
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def pin(self) -> str:
        return f"{self.key.get_name()} {self.key.get_base64()}"

    def stop(self) -> None:
        self.stall.clear()
        self._listener.close()
        for transport in self._transports:
            transport.close()

    def _run(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(sock)
            transport.add_server_key(self.key)
            transport.set_subsystem_handler("sftp", SFTPServer, _Files, upstream=self)
            self._transports.append(transport)
            with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
                transport.start_server(event=threading.Event(), server=_Door(self))

    def note(self, word: str) -> None:
        self.operations.append(word)
        while self.stall.is_set():
            time.sleep(0.02)
        if self.die_at == word:
            for transport in self._transports:
                transport.sock.close()


class _Door(paramiko.ServerInterface):
    def __init__(self, upstream: SftpUpstream) -> None:
        self.upstream = upstream

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        self.upstream.logins.append((username, "password"))
        good = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.upstream.logins.append((username, "publickey"))
        good = username == USER and key.get_base64() in self.upstream.accepted_keys
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Handle(SFTPHandle):
    def __init__(self, upstream: SftpUpstream, flags: int, file) -> None:
        super().__init__(flags)
        self.upstream, self.readfile, self.writefile = upstream, file, file

    def read(self, offset: int, length: int):
        self.upstream.note("read")
        return super().read(offset, length)

    def write(self, offset: int, data: bytes) -> int:
        self.upstream.note("write")
        return super().write(offset, data)

    def stat(self):
        return SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


def _answered(action):
    try:
        action()
    except OSError as error:
        return SFTPServer.convert_errno(error.errno)
    return SFTP_OK


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server, *, upstream: SftpUpstream) -> None:
        super().__init__(server)
        self.upstream = upstream

    def _real(self, path: str) -> Path:
        return self.upstream.root / path.lstrip("/")

    def canonicalize(self, path: str) -> str:
        real = os.path.realpath(self._real(path))
        if Path(real) == self.upstream.root:
            return "/"
        top = str(self.upstream.root)
        return real.removeprefix(top) if real.startswith(top) else real

    def list_folder(self, path: str):
        self.upstream.note("list")
        folder = self._real(path)
        try:
            return [
                SFTPAttributes.from_stat((folder / name).lstat(), name)
                for name in os.listdir(folder)
            ]
        except OSError as error:
            return SFTPServer.convert_errno(error.errno)

    def stat(self, path: str):
        self.upstream.note("stat")
        return self._stat(path, os.stat)

    def lstat(self, path: str):
        return self._stat(path, os.lstat)

    def _stat(self, path: str, look):
        try:
            return SFTPAttributes.from_stat(look(self._real(path)))
        except OSError as error:
            return SFTPServer.convert_errno(error.errno)

    def open(self, path: str, flags: int, attr):
        self.upstream.note("open")
        try:
            handle = os.open(self._real(path), flags, 0o644)
        except OSError as error:
            return SFTPServer.convert_errno(error.errno)
        return _Handle(self.upstream, flags, os.fdopen(handle, "wb" if flags & 3 else "rb"))

    def remove(self, path: str):
        self.upstream.note("remove")
        return _answered(self._real(path).unlink)

    def rename(self, oldpath: str, newpath: str):
        self.upstream.note("rename")
        if self._real(newpath).exists():
            return SFTP_FAILURE
        return _answered(lambda: self._real(oldpath).rename(self._real(newpath)))

    def posix_rename(self, oldpath: str, newpath: str):
        self.upstream.note("posix_rename")
        if not self.upstream.posix_rename:
            return paramiko.SFTP_OP_UNSUPPORTED
        return _answered(lambda: self._real(oldpath).replace(self._real(newpath)))

    def mkdir(self, path: str, attr):
        self.upstream.note("mkdir")
        return _answered(self._real(path).mkdir)

    def rmdir(self, path: str):
        self.upstream.note("rmdir")
        return _answered(self._real(path).rmdir)

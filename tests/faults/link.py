"""A TCP link that a test may cut, or let fall silent as a dead network does; without any right.

Silence is a socket filter that takes no packet (SO_ATTACH_FILTER): the kernel then
acknowledges nothing and answers no connection, as if a cable were out. A proxy that
merely stops reading would not do: its kernel goes on acknowledging.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import threading

_ATTACH, _DETACH = 26, 27
_PIECE = 65536


class Link:
    """Listens on a port of its own and passes everything on to `127.0.0.1:port`."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._silent = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self) -> int:
        """Every connection is reset at both ends; how many there were."""
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RD)  # wakes the thread that reads it
            end.close()
        return len(ends) // 2

    def silence(self) -> None:
        """From now on nothing arrives, is acknowledged or connected."""
        with self._lock:
            self._silent = True
            for end in (self._listener, *self._ends):
                with contextlib.suppress(OSError):
                    _take_nothing(end)

    def heal(self) -> None:
        """What is still there goes on, and new connections are made again."""
        with self._lock:
            self._silent = False
            for end in (self._listener, *self._ends):
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, _DETACH, 0)

    def close(self) -> None:
        self._listener.close()
        self.reset()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                self._ends += [near, far]
                if self._silent:
                    _take_nothing(near)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE):
                sink.sendall(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def _take_nothing(end: socket.socket) -> None:
    """Attach `return 0`, a filter of one instruction (linux/filter.h)."""
    code = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    program = struct.pack("HL", 1, ctypes.addressof(code))
    end.setsockopt(socket.SOL_SOCKET, _ATTACH, program)

# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that knows no HTTP: it writes down the bytes that it gets, and sends the bytes that a test gives it."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Optional

PATIENCE = 20
"""Seconds after which a test that hangs fails; none waits for that long."""


@dataclass(frozen=True)
class Answer:
    """What to do with one connection."""

    data: bytes = b""
    """What to send once a whole request has come."""
    then: str = "close"
    """What to do after that: ``close``, ``reset``, or ``wait`` until the client closes."""
    reads: bool = True
    """Whether to wait for a request at all."""
    drip: bytes = b""
    """What to send after ``data``, again and again, until the client closes."""
    pause: float = 0
    """Seconds between two drips."""
    raw: bytes = b""
    """What to send last, past TLS."""


def http(status: str = "200 OK", body: bytes = b"", **headers: str) -> Answer:
    """Return a whole answer; a header's name is written with underscores."""
    named = {"Content-length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    if body:
        named.setdefault("Content-type", "application/sxp")
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return Answer(f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + body)


DROPPED = Answer()
"""The request is read, and the connection closed without a word."""


class RawServer:
    """Gives each connection the next of its answers, the last one again and again. ``requests`` holds what came."""

    def __init__(
        self,
        *answers: Answer,
        path: Optional[str] = None,
        tls: Optional[ssl.SSLContext] = None,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> None:
        """Take a place: from now on connections to it are refused, until it is entered."""
        self.requests: list[bytes] = []
        self.client_closed = threading.Event()
        """Set when a client closes a connection that an answer left open."""
        self._answers: Sequence[Answer] = answers or (http(),)
        self._tls = tls
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX if path else family, socket.SOCK_STREAM)
        self._socket.bind(path or ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        host = "[::1]" if family == socket.AF_INET6 else "127.0.0.1"
        self.authority = "localhost" if path else f"{host}:{self._socket.getsockname()[1]}"
        """What a request should name as its Host."""
        self.url = f"unix://{path}" if path else f"{'https' if tls else 'http'}://{self.authority}"
        """The xend_url to reach it."""

    def listen(self) -> None:
        """Begin to serve."""
        self._socket.listen(16)
        self._thread.start()

    def __enter__(self) -> RawServer:  # noqa: PYI034 - typing.Self is newer than the oldest Python here
        """Begin to serve."""
        self.listen()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        """Stop."""
        self.stop()

    def stop(self) -> None:
        """Close the place; what is served at this moment is served to its end."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)

    def _serve(self) -> None:
        count = 0
        while True:
            try:
                connection, _peer = self._socket.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            with connection, contextlib.suppress(OSError):
                stream = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
                with stream:
                    self._exchange(stream, self._answers[min(count, len(self._answers) - 1)])
            count += 1

    def _exchange(self, stream: socket.socket, answer: Answer) -> None:
        if answer.reads:
            self.requests += filter(None, [_whole_request(stream)])
        if answer.data:
            stream.sendall(answer.data)
        while answer.drip:
            stream.sendall(answer.drip)
            time.sleep(answer.pause)
        if answer.raw:
            with socket.socket(fileno=os.dup(stream.fileno())) as below:
                below.sendall(answer.raw)
        if answer.then == "reset":
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif answer.then == "wait":
            with contextlib.suppress(ConnectionResetError):
                while stream.recv(65536):
                    pass
            self.client_closed.set()


def _whole_request(stream: socket.socket) -> bytes:
    """Read one request, with the body that it announces."""
    data = b""
    while True:
        top, end, body = data.partition(b"\r\n\r\n")
        announced = re.search(rb"(?i)\r\ncontent-length: *(\d+)", top)
        if end and len(body) >= int(announced[1] if announced else 0):
            return data
        more = stream.recv(65536)
        if not more:
            return data
        data += more

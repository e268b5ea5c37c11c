# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that sends exactly the recorded bytes and reads what comes back, close by close."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from .recordings import Response

if TYPE_CHECKING:
    from tests.simulator import Simulator

PATIENCE = 5.0  # seconds until a reply that does not come counts as none
CLOSING = 1.0  # seconds in which a connection that is to be closed is closed
GLANCE = 0.02  # seconds after which a connection that was not closed counts as left open
_CHUNK = 1 << 16


class Wire:
    """One connection to the simulator."""

    def __init__(self, simulator: Simulator, *, unix: bool = False) -> None:
        """Connect over TCP or the Unix socket."""
        if unix:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(str(simulator.unix_path))
        else:
            self._socket = socket.create_connection(simulator.tcp_address or ("127.0.0.1", 0))
        self._buffer = b""

    def __enter__(self) -> Wire:  # noqa: PYI034 - typing.Self is newer than the oldest Python here
        """Use it as a context."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close it."""
        self._socket.close()

    def send(self, data: bytes, *, end: bool = False) -> None:
        """Send, and with `end` say that there is no more."""
        try:
            self._socket.sendall(data)
            if end:
                self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the server may have had enough already: its reply counts

    def _receive(self, deadline: float) -> bool:
        """Read some more; tell whether there was some. Raises TimeoutError after the deadline."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        try:
            data = self._socket.recv(_CHUNK)
        except socket.timeout:
            raise TimeoutError from None
        except OSError:
            return False
        self._buffer += data
        return bool(data)

    def response(self, method: str, patience: float = PATIENCE) -> Response:
        """Read one reply; nothing else is consumed."""
        deadline = time.monotonic() + patience
        try:
            while b"\r\n\r\n" not in self._buffer:
                if not self._receive(deadline):
                    return Response(closes=True)
            top, _blank, self._buffer = self._buffer.partition(b"\r\n\r\n")
            return self._read_body(top.decode("latin-1"), method, deadline)
        except TimeoutError:
            return Response(timed_out=True, closes=False)

    def _read_body(self, top: str, method: str, deadline: float) -> Response:
        status_line, *lines = top.split("\r\n")
        _version, status, reason = status_line.split(" ", 2)
        headers = tuple((name, value) for name, _colon, value in (line.partition(": ") for line in lines))
        head = Response(int(status), reason, headers)
        length = 0 if method == "HEAD" else int(head.header("Content-length") or 0)
        while len(self._buffer) < length:
            if not self._receive(deadline):
                break
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Response(int(status), reason, headers, body.decode("latin-1"))

    def closes(self, *, expected: bool) -> bool:
        """Tell whether the server closes now; one that is expected to gets more time to do it."""
        try:
            return not self._receive(time.monotonic() + (CLOSING if expected else GLANCE))
        except TimeoutError:
            return False

    def rest(self) -> str:
        """Return everything until the server closes."""
        try:
            while self._receive(time.monotonic() + PATIENCE):
                pass
        except TimeoutError:
            return self._buffer.decode("latin-1") + " (left open)"
        return self._buffer.decode("latin-1")

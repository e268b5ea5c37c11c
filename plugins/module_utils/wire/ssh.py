# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``ssh://[user@]host[:port][/path/of/socket]``: the OpenSSH client carries requests to a relay on the host of xend.

The client never prompts (BatchMode): an unknown host key or a missing password is an error.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Optional, cast
from urllib.parse import unquote, urlsplit

from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import url_without_secrets
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest, XendUnreachable
from ansible_collections.dom0.xend.plugins.module_utils.wire.relay import HOLD, Carried, Message
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import MOST_MIB, SSH_SCHEME

_FORM = f"{SSH_SCHEME}[user@]host[:port][/path/of/socket]"

_CONTROL_DIR = "~/.ansible/cp"
"""The directory of the sockets with which ssh shares a login, the same as Ansible's."""
_LONGEST_CONTROL = 46
"""The path of a socket may have about 100 characters, of which ssh adds 57."""

_WORD = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.+-]*")
_HOST = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.-]+)?")
"""Excludes what ssh would read as an option, and what a shell in its configuration would interpret."""

_MOST_OUTPUT = (MOST_MIB << 20) * 4 // 3 + (1 << 20)
"""The longest output: the longest reply in base64, and a banner."""
_MOST_GARBAGE = 1 << 20
_MOST_ERRORS = 1 << 16

_LAST_SECONDS = 5
"""Seconds for ssh to end after the command has ended."""
_BROKEN = 255
"""The exit status of ssh if ssh itself failed."""


@dataclass(frozen=True)
class SshAddress:
    """A parsed ``ssh://`` URL. ``socket_path`` is empty if the default addresses of xend are to be tried."""

    host: str
    user: Optional[str]
    port: Optional[int]
    socket_path: str

    @classmethod
    def parse(cls, url: str) -> SshAddress:
        """Parse an ``xend_url``. Raises InvalidRequest, whose message never repeats a password in the URL."""
        shown = url_without_secrets(url)
        try:
            parts = urlsplit(url)
            port, host = parts.port, unquote(parts.hostname or "")
        except ValueError:
            raise InvalidRequest(f"xend_url {shown!r} is not a URL of the form {_FORM}") from None
        if parts.password is not None:
            raise InvalidRequest("xend_url contains a password, which ssh does not accept in a URL: use a key")
        if parts.query or parts.fragment:
            raise InvalidRequest(f"xend_url {shown!r} must not have a query or a fragment")
        if not _HOST.fullmatch(host) or (parts.username is not None and not _WORD.fullmatch(parts.username)):
            raise InvalidRequest(f"xend_url {shown!r} has no host or user that ssh accepts: the form is {_FORM}")
        return cls(host, parts.username, port, unquote(parts.path.rstrip("/")))


class Ssh:
    """Carries commands to one host with the OpenSSH client."""

    def __init__(self, address: SshAddress, *, arguments: Optional[str] = None, connect_timeout: float = 5) -> None:
        """Take the host, and further *arguments* for ssh, which come before those that share a login."""
        try:
            given = shlex.split(arguments or "")
        except ValueError as error:
            raise InvalidRequest(f"xend_ssh_args cannot be split into arguments: {error}") from error
        seconds = max(1, round(connect_timeout))
        self._command = ["ssh", "-T", "-x", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={seconds}"]
        self._command += [
            *given,
            *_sharing(given),
        ]  # ssh uses the first of several values of an option, so the user's arguments win
        self._command += ["-p", str(address.port)] if address.port else []
        self._command += ["-l", address.user] if address.user else []
        self._command += ["--", address.host]

    def __call__(self, command: str, message: Message, bound: float) -> Carried:
        """Run a command on the host, once. Raises XendUnreachable if there is no ssh client."""
        pipe = subprocess.PIPE
        try:
            process = subprocess.Popen([*self._command, command], stdin=pipe, stdout=pipe, stderr=pipe)  # noqa: S603  # pylint: disable=ansible-bad-function
        except OSError as error:
            raise XendUnreachable(f"OpenSSH's ssh cannot be started: {error.strerror}") from error
        atexit.register(process.kill)  # an interrupt ends the process without notice to the thread that waits here
        with process:
            try:
                return _Conversation(process, message, bound).carried()
            finally:
                process.kill()
                atexit.unregister(process.kill)


def _sharing(given: Sequence[str]) -> list[str]:
    """Return the arguments that make all requests of a run share one login; none if the path of the socket would be too long.

    Requests share a login only if they have the same arguments: with others, the same name may mean another host or user.
    """
    folder = os.path.expanduser(_CONTROL_DIR)  # noqa: PTH111
    kind = f"{hashlib.sha256(repr(given).encode()).hexdigest()[:8]}-" if given else ""
    if len(f"{folder}/xend-{kind}") > _LONGEST_CONTROL:
        return []
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
    except OSError:
        return []
    path = folder.replace("%", "%%")
    return ["-o", "ControlMaster=auto", "-o", "ControlPersist=60s", "-o", f'ControlPath="{path}/xend-{kind}%C"']


class _Conversation:
    """The input and output of a process, limited in time and size."""

    def __init__(self, process: subprocess.Popen[bytes], message: Message, bound: float) -> None:
        self._process = process
        self._stdin, self._stdout, self._stderr = (
            cast("IO[bytes]", stream) for stream in (process.stdin, process.stdout, process.stderr)
        )
        self._message = message
        self._bound = bound
        self._end = time.monotonic() + bound
        self._output, self._errors = bytearray(), bytearray()
        self._pending = memoryview(message.opening)
        self._sent = False
        self._selector = selectors.DefaultSelector()

    def carried(self) -> Carried:
        """Return how it ended."""
        with self._selector:
            broken = self._talk() or self._status()
        return Carried(bytes(self._output), self._errors.decode("utf-8", "backslashreplace"), broken, self._sent)

    def _talk(self) -> str:
        """Write and read until the process closes its output. Return what failed, if anything did."""
        os.set_blocking(self._stdin.fileno(), False)
        self._selector.register(self._stdin, selectors.EVENT_WRITE, self._give)
        self._selector.register(self._stdout, selectors.EVENT_READ, self._take)
        self._selector.register(self._stderr, selectors.EVENT_READ, self._take_errors)
        while self._stdout in {key.fileobj for key in self._selector.get_map().values()}:
            left = self._end - time.monotonic()
            if left <= 0:
                return f"it did not end within {self._bound:g} s"
            for key, _events in self._selector.select(left):
                key.data(key.fileobj)
            if len(self._output) > (_MOST_OUTPUT if self._sent else _MOST_GARBAGE):
                return "the host prints without an end"
        return ""

    def _give(self, stdin: IO[bytes]) -> None:
        """Write what the process accepts now. Its input stays open after the request, so that the relay ends with this process."""
        try:
            self._pending = self._pending[os.write(stdin.fileno(), self._pending) :]
        except BrokenPipeError:
            self._pending = memoryview(b"")
        if not self._pending:
            self._selector.unregister(stdin)

    def _take(self, stdout: IO[bytes]) -> None:
        """Read its output. When the relay is ready, queue the request."""
        self._output += self._read(stdout)
        if not self._sent and self._message.ready in self._output:
            self._sent = True
            self._pending = memoryview(HOLD + self._message.request)
            self._selector.register(self._stdin, selectors.EVENT_WRITE, self._give)

    def _take_errors(self, stderr: IO[bytes]) -> None:
        """Read its errors, and keep the end of them."""
        self._errors += self._read(stderr)
        del self._errors[:-_MOST_ERRORS]

    def _read(self, stream: IO[bytes]) -> bytes:
        """Read what is available; empty at the end."""
        data = os.read(stream.fileno(), 1 << 16)
        if not data:
            self._selector.unregister(stream)
        return data

    def _status(self) -> str:
        """Return what failed according to the exit status of ssh, which is 255 if ssh itself failed."""
        try:
            status = self._process.wait(_LAST_SECONDS)
        except subprocess.TimeoutExpired:
            return "ssh does not end"
        if status not in (_BROKEN, -signal.SIGKILL):
            return ""
        lines = [line for line in self._errors.decode("utf-8", "backslashreplace").splitlines() if line.strip()]
        return lines[-1].strip() if lines else f"ssh ended with {status}"

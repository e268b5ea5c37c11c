# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry requests to a relay on a host over Ansible's own connection, with its ssh, jump hosts and become."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any, Optional

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

from ansible_collections.dom0.xend.plugins.module_utils.wire.relay import Carried, Message

_MOST_VERBOSE = 2
"""At a higher verbosity a connection prints the host's output: the replies of xend, which may contain passwords."""

_NO_TERMINAL = "you must have a tty"
"""sudo's message if it requires a terminal and there is none."""

_EXTRA = "ssh_extra_args"
"""The option of Ansible's ssh connection for more arguments of ssh."""

_ENCODED = re.compile(r"[A-Za-z0-9+/=]{60}")
"""A line of a request or a reply, which a terminal may mix with other lines."""

_LOGIN_TIMEOUT = 60
"""Seconds for what Ansible does before and after the command: a login through jump hosts, a password for sudo."""


def can_carry(connection: ConnectionBase) -> bool:
    """Return whether a connection can run shell commands with an input."""
    windows = getattr(connection._shell, "_IS_WINDOWS", False)  # noqa: SLF001 - there is no other way to know
    return bool(connection.has_pipelining) and not connection.force_persistence and not windows


class ConnectionCarrier:
    """Carries commands to the host of a connection.

    The request is the input of the command, not one of its arguments, which ``ps`` and the log of sudo would show. With an
    input, Ansible uses no terminal. If sudo requires one (requiretty), nothing was sent, and ssh allocates one.
    """

    def __init__(self, host: str, connection: ConnectionBase, execute: Callable[..., Any]) -> None:
        """Take the connection to a host, and the function that executes a command through it, with become if requested."""
        self._host = host
        self._connection = connection
        self._execute = execute
        self._reached = False
        self._terminal = False

    def __call__(self, command: str, message: Message, bound: float) -> Carried:
        """Run a command on the host, once. Raises AnsibleConnectionFailure if the first command, which only reads, does not arrive."""
        carried = self._run(command, message, bound)
        # sudo refused to run the command, so nothing was sent, and it can be run again with a terminal.
        if _NO_TERMINAL in carried.errors and not self._terminal and _takes_terminals(self._connection):
            self._terminal = True
            carried = self._run(command, message, bound)
        return carried

    def _run(self, command: str, message: Message, bound: float) -> Carried:
        """Run a command on the host, with or without a terminal."""
        data = message.opening + message.request
        with ExitStack() as stack:
            # A retry of the connection could send a write a second time.
            stack.enter_context(_option(self._connection, "reconnection_retries", lambda _retries: 0))
            if self._terminal:
                stack.enter_context(_option(self._connection, _EXTRA, lambda given: f"{given or ''} -tt".strip()))
            stack.enter_context(self._silently(message.title))
            return self._executed(command, data, bound)

    def _executed(self, command: str, data: bytes, bound: float) -> Carried:
        """Return how the command ended. Raises AnsibleConnectionFailure if the host was never reached before."""
        try:
            with _bounded(bound + _LOGIN_TIMEOUT):
                done = self._execute(command, sudoable=True, in_data=data)
        except AnsibleConnectionFailure as error:
            # An unreachable host is an Ansible matter (UNREACHABLE). Later the same error may follow a sent request.
            if not self._reached:
                raise
            return Carried(b"", broken=" ".join(str(error).split()))
        except _TooLongError:
            return Carried(b"", broken=f"it did not end within {bound + _LOGIN_TIMEOUT:g} s")
        self._reached = True
        output = done["stdout"].encode("utf-8", "surrogateescape")
        if self._terminal:
            return Carried(output, _without_echo(done["stdout"], data))
        return Carried(output, _with_advice(done["stderr"]))

    @contextmanager
    def _silently(self, title: str) -> Iterator[None]:
        """Display the title of the request, and prevent the connection from printing the reply."""
        display = Display()
        display.vvv(f"XEND RELAY {title}", host=self._host)
        verbosity = display.verbosity
        # The connection prints the output of commands at a high verbosity, and replies may hold passwords.
        display.verbosity = min(verbosity, _MOST_VERBOSE)
        try:
            yield
        finally:
            display.verbosity = verbosity


class _TooLongError(Exception):
    """A command did not end in time."""


@contextmanager
def _option(connection: ConnectionBase, name: str, changed: Callable[[Any], Any]) -> Iterator[None]:
    """Change an option of a connection within a context, if it has that option.

    With ``reconnection_retries`` set to 0, the connection does not run a lost command again.
    """
    try:
        value = connection.get_option(name)
    except KeyError:
        yield
        return
    connection.set_option(name, changed(value))
    try:
        yield
    finally:
        connection.set_option(name, value)


def _takes_terminals(connection: ConnectionBase) -> bool:
    """Return whether a connection can allocate a terminal, which only that of OpenSSH can."""
    return str(connection.transport) in ("ssh", "ansible.builtin.ssh")


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """Raise _TooLongError after so many seconds, unless the task has a timeout of its own.

    It is raised again each second until the context ends: Python drops an exception that is raised in a finalizer.
    """
    # A timer that runs belongs to the timeout of the task, which must not be replaced.
    if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def stop(_signal: int, _frame: Optional[FrameType]) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _with_advice(errors: str) -> str:
    """Return the host's errors, with advice for sudo, which is the same as for Ansible's pipelining."""
    if _NO_TERMINAL in errors:
        return f"sudo requires a terminal: {_NO_TERMINAL}. Set !requiretty for this user in its sudoers"
    return errors


def _without_echo(output: str, data: bytes) -> str:
    """Return the output of a terminal without its input, which a terminal echoes."""
    given = data.decode("ascii")
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return "\n".join(line for line in lines if line not in given and not _ENCODED.search(line)) or "nothing was printed"

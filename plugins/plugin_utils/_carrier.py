# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection of Ansible as the carrier of requests to a relay on its host: ssh, jump hosts, become, all of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Optional

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

from ansible_collections.dom0.xend.plugins.module_utils.wire.relay import Carried, Message

_MOST_VERBOSE = 2
"""With more, a connection prints what the host prints: the replies of xend, and there may be passwords in them."""

_LOGIN_TIMEOUT = 60
"""Seconds for what Ansible does before and after the command: a login through jump hosts, a password for sudo."""


def can_carry(connection: ConnectionBase) -> bool:
    """Return whether a connection runs commands of a shell, and gives them an input."""
    windows = getattr(connection._shell, "_IS_WINDOWS", False)  # noqa: SLF001 - there is no other way to know
    return bool(connection.has_pipelining) and not connection.force_persistence and not windows


class ConnectionCarrier:
    """Carries commands to the host of a connection.

    The request travels in the input of the command and not in its arguments, where ``ps`` and the log of sudo would show
    it. Ansible has no terminal then: sudo must not ask for one.
    """

    def __init__(self, host: str, connection: ConnectionBase, execute: Callable[..., Any]) -> None:
        """Take the connection to a host, and what executes a command through it, as another user if that is asked for."""
        self._host = host
        self._connection = connection
        self._execute = execute
        self._reached = False

    def __call__(self, command: str, message: Message, bound: float) -> Carried:
        """Run a command there, once. Raises AnsibleConnectionFailure if the first one, which only reads, does not arrive."""
        data = message.opening + message.request
        try:
            with _once(self._connection), self._silently(message.title), _bounded(bound + _LOGIN_TIMEOUT):
                done = self._execute(command, sudoable=True, in_data=data)
        except AnsibleConnectionFailure as error:
            if not self._reached:
                raise
            return Carried(b"", broken=" ".join(str(error).split()))
        except _TooLongError:
            return Carried(b"", broken=f"it did not end within {bound + _LOGIN_TIMEOUT:g} s")
        self._reached = True
        output = done["stdout"].encode("utf-8", "surrogateescape")
        return Carried(output, _with_advice(done["stderr"]))

    @contextmanager
    def _silently(self, title: str) -> Iterator[None]:
        """Say what is asked for, and keep the connection from printing what is answered."""
        display = Display()
        display.vvv(f"XEND RELAY {title}", host=self._host)
        verbosity = display.verbosity
        display.verbosity = min(verbosity, _MOST_VERBOSE)
        try:
            yield
        finally:
            display.verbosity = verbosity


class _TooLongError(Exception):
    """A command did not end."""


@contextmanager
def _once(connection: ConnectionBase) -> Iterator[None]:
    """Keep a connection from running a command again where it seems to be lost."""
    option = "reconnection_retries"
    try:
        retries = connection.get_option(option)
    except KeyError:
        yield
        return
    connection.set_option(option, 0)
    try:
        yield
    finally:
        connection.set_option(option, retries)


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """Raise _TooLongError after so many seconds, unless the task has a timeout of its own."""
    if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def stop(_signal: int, _frame: Optional[FrameType]) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _with_advice(errors: str) -> str:
    """Return what the host printed of errors; Ansible's own pipelining has the same trouble with sudo, and the same cure."""
    if "must have a tty" in errors:
        return "sudo wants a terminal, and there is none: have sudoers say !requiretty for this user"
    return errors

# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The common part of the command lines of one simulated xend and of a fleet: options, and running until a signal."""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from .faults import KINDS, Fault

if TYPE_CHECKING:
    from types import FrameType

FAULTS = "\n".join(f"  {kind:<12}{text}" for kind, text in KINDS.items())
"""The kinds of faults, for the end of a help."""


def address(text: str) -> tuple[str, int]:
    """Read HOST:PORT."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit():
        msg = f"{text!r} is not HOST:PORT"
        raise argparse.ArgumentTypeError(msg)
    return host.strip("[]"), int(port)


def fault(text: str) -> Fault:
    """Read OP:KIND[:X]."""
    try:
        return Fault.from_text(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_remote(where: argparse._ArgumentGroup) -> None:
    """Add the option that permits listening for other machines."""
    where.add_argument("--allow-remote", action="store_true", help="allow an address other than loopback in --tcp")


def add_pid_file(where: argparse._ArgumentGroup) -> None:
    """Add the option that shows a script when the simulator is ready, and which process to end."""
    where.add_argument("--pid-file", metavar="FILE", type=Path, help="write the process id there when ready")


def write_pid(options: argparse.Namespace) -> None:
    """Write the process id, which means that everything is ready."""
    if options.pid_file:
        options.pid_file.write_text(f"{os.getpid()}\n", encoding="utf-8")


def refusal(options: argparse.Namespace) -> str:
    """Return why the simulator must not listen on --tcp, or an empty text."""
    if options.allow_remote or not options.tcp or _is_loopback(options.tcp[0]):
        return ""
    return f"{options.tcp[0]} is not a loopback address; nobody is asked for a password here"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def told_to_stop() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set, so that they end nothing half-made."""
    done = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        done.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    return done

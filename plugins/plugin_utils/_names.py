# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and addresses for the hosts of an inventory that neither Ansible nor ssh nor a path can misread.

Whoever makes a guest chooses its name. Ansible uses the name of a host and its connection variables on the command line
of ssh, in host patterns (``web1:db1`` means two hosts) and in paths of ``host_vars``.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.constants import LOCALHOST

_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]|\A-|\A\.{1,2}\Z")
"""Characters that a pattern, a path or a command line could misread."""

_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""The name of a host, or an address of IPv4."""

_HARMLESS = re.compile(r"(?!-)[A-Za-z0-9_.:/+@%-]*")
"""A text that every shell reads as one word and no program as an option: names, paths, addresses."""

_ADDRESSES = ("ansible_host", "ansible_ssh_host")


def safe_name(name: str) -> str:
    """Return *name* with ``_`` for each character that a pattern, a path or a command line could misread."""
    return _UNSAFE.sub(lambda found: "_" * len(found[0]), name)


def is_connection_variable(name: str) -> bool:
    """Return whether Ansible may read a variable as a connection variable."""
    return name.startswith("ansible_")


def is_address_variable(name: str) -> bool:
    """Return whether a connection variable holds the address of a host."""
    return name in _ADDRESSES


def is_address(value: object) -> bool:
    """Return whether *value* is a host name or an IP address, which no program reads as an option."""
    if not isinstance(value, str) or not _HARMLESS.fullmatch(value):
        return False
    if _HOST.fullmatch(value):
        return True
    try:
        ipaddress.IPv6Address(value)
    except ValueError:
        return False
    return True


def disarmed(value: Any) -> Any:
    """Return *value* with ``_`` in place of each text that is not harmless on a command line.

    If an expression gives the same result for the disarmed variables of a domain, it has used none of its harmful texts.
    """
    if isinstance(value, str):
        return value if _HARMLESS.fullmatch(value) else "_"
    if isinstance(value, Mapping):
        return {key: disarmed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [disarmed(item) for item in value]
    return value


def means_controller(name: str) -> bool:
    """Return whether ssh or Ansible would reach this machine itself under that name, in any spelling."""
    bare = name.lower().rstrip(".")
    if bare in LOCALHOST or bare.endswith((".localhost", "localhost.localdomain")):
        return True
    try:  # 127.1, 0x7f.1, 2130706433 and 0 are addresses, too
        address = ipaddress.IPv4Address(socket.inet_aton(bare))
    except OSError:
        return False
    return address.is_loopback or address.is_unspecified


class Names:
    """The names in use: *reserved* ones for nobody, *owned* ones for the xend with that URL."""

    def __init__(self, reserved: Iterable[str], owned: Mapping[str, str]) -> None:
        """Take the names that no domain gets, and those that only one xend gets."""
        self._taken = set(reserved)
        self._owned = owned
        self._last: dict[str, int] = {}
        """The last number that was tried after a name. A used name is never freed."""

    def take(self, name: str, xend: str, url: str) -> str:
        """Return *name*, or the first free one of name+xend, name+xend+2, name+xend+3 and so on, and mark it as used.

        One xend can have a name several times: zombies in 3.0.3 and earlier, a domain restored twice in 3.0.4 to 3.2.
        No host on a network has a name with ``+``, so if no variable gives an address, no other host is reached by
        mistake. ssh would read name@xend as a user on the host xend, and a host name.xend may exist.
        """
        told_apart = f"{name}+{safe_name(xend)}"
        free = name
        # A name of the controller, a used one, or one that belongs to another xend.
        while means_controller(free) or free in self._taken or self._owned.get(free, url) != url:
            number = self._last[told_apart] = self._last.get(told_apart, 0) + 1
            free = told_apart if number == 1 else f"{told_apart}+{number}"
        self._taken.add(free)
        return free

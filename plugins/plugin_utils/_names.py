# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and addresses for the hosts of an inventory: none that Ansible, ssh or a path could take for something else.

A guest's name is chosen by whoever made the guest. Ansible puts the name of a host and its connection variables on the
command line of ssh, into patterns of hosts (``web1:db1`` are two) and into paths of ``host_vars``.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.constants import LOCALHOST

_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]|\A-|\A\.{1,2}\Z")
"""What is in no name of a host: a pattern, a path or a command line could misread it."""

_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""The name of a host, or an address of IPv4."""

_HARMLESS = re.compile(r"(?!-)[A-Za-z0-9_.:/+@%-]*")
"""A text that is one word to every shell and option of none: names, paths, addresses."""

_ADDRESSES = ("ansible_host", "ansible_ssh_host")


def safe_name(name: str) -> str:
    """Return *name* with ``_`` for each character of it that a pattern, a path or a command line could misread."""
    return _UNSAFE.sub(lambda found: "_" * len(found[0]), name)


def is_connection_variable(name: str) -> bool:
    """Return whether Ansible may take a variable for one that says how to reach a host."""
    return name.startswith("ansible_")


def is_address_variable(name: str) -> bool:
    """Return whether a connection variable holds the address of a host."""
    return name in _ADDRESSES


def is_address(value: object) -> bool:
    """Return whether *value* is the name of a host or an IP address, so that no command line takes it for an option."""
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
    """Return *value* with ``_`` for each text in it that is not harmless on a command line.

    An expression that gives the same for the disarmed variables of a domain has used none of its harmful texts.
    """
    if isinstance(value, str):
        return value if _HARMLESS.fullmatch(value) else "_"
    if isinstance(value, Mapping):
        return {key: disarmed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [disarmed(item) for item in value]
    return value


def means_controller(name: str) -> bool:
    """Return whether ssh, or Ansible, would reach this machine itself under that name, in any spelling."""
    bare = name.lower().rstrip(".")
    if bare in LOCALHOST or bare.endswith((".localhost", "localhost.localdomain")):
        return True
    try:  # 127.1, 0x7f.1, 2130706433 and 0 are addresses, too
        address = ipaddress.IPv4Address(socket.inet_aton(bare))
    except OSError:
        return False
    return address.is_loopback or address.is_unspecified


class Names:
    """The names that are taken: *reserved* for everybody, *owned* by the xend with that URL."""

    def __init__(self, reserved: Iterable[str], owned: Mapping[str, str]) -> None:
        """Take the names that are not to be given away, or only to one xend."""
        self._taken = set(reserved)
        self._owned = owned
        self._last: dict[str, int] = {}
        """The number that was tried last behind a name: what is taken stays taken."""

    def take(self, name: str, xend: str, url: str) -> str:
        """Return *name*, or the first that is free of name+xend, name+xend+2, name+xend+3 and so on; it is taken then.

        One xend can hold the same name several times: zombies in 3.0.3 and earlier, a domain restored twice in 3.0.4 to 3.2.
        No host on any network has a name with ``+`` in it, so where nothing else says how to reach this one, nobody is
        reached in its place. ssh would read name@xend as a user of the host xend; there may be a host name.xend.
        """
        told_apart = f"{name}+{safe_name(xend)}"
        free = name
        while means_controller(free) or free in self._taken or self._owned.get(free, url) != url:
            number = self._last[told_apart] = self._last.get(told_apart, 0) + 1
            free = told_apart if number == 1 else f"{told_apart}+{number}"
        self._taken.add(free)
        return free

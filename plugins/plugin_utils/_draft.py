# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluate the user's expressions for the hosts before anything is added to the inventory.

The groups of ``keyed_groups`` are known only when all expressions have been evaluated. Only then can a host be found that
has the name of a group: Ansible would put the hosts of that group into every group of the host.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleParserError
from ansible.inventory.group import Group
from ansible.inventory.host import Host
from ansible.utils.path import basedir
from ansible.utils.vars import combine_vars

if TYPE_CHECKING:
    from ansible.inventory.data import InventoryData


class Draft:
    """Takes the place of an inventory while Ansible constructs variables and groups, and records them.

    Expressions see a host as it will be, also with the variables and groups that it has from other sources.
    """

    def __init__(self, inventory: InventoryData) -> None:
        """Take the inventory, which is only read until apply()."""
        self._inventory = inventory
        self._stubs: dict[str, Group] = {}
        self.hosts: dict[str, Host] = {}
        self.composed: dict[str, dict[str, Any]] = {}
        """The variables that were composed for each host."""
        self._members: dict[str, dict[str, None]] = {}
        self._children: dict[tuple[str, str], None] = {}

    @property
    def groups(self) -> Iterable[str]:
        """Return the names of the groups that were made."""
        return self._members

    def plan(self, name: str, groups: Iterable[str], variables: Mapping[str, Any]) -> Host:
        """Return a host with these groups and variables in addition to those that it already has."""
        host = Host(name, gen_uuid=False)
        source = self._inventory.current_source
        known = self._inventory.hosts.get(name)
        before = (
            # Ansible sets these for a host of an inventory file, so expressions find them here, too.
            known.vars if known else {"inventory_file": source, "inventory_dir": basedir(source) if source else None}
        )
        host.vars = combine_vars(before, dict(variables))
        host.groups = list(known.groups) if known else []
        for group in groups:
            host.add_group(self._group(group))
        self.hosts[name] = host
        return host

    def refuse(self, host: str, variable: str) -> None:
        """Drop a composed variable."""
        del self.composed[host][variable], self.hosts[host].vars[variable]

    def apply(self) -> None:
        """Add everything to the inventory, which has the hosts by now."""
        for host, variables in self.composed.items():
            for name, value in variables.items():
                self._inventory.set_variable(host, name, value)
        for group, members in self._members.items():
            self._inventory.add_group(group)
            for host in members:
                self._inventory.add_host(host, group=group)
        for parent, child in self._children:
            self._inventory.add_child(parent, child)

    # ---- what Constructable asks of an inventory

    def set_variable(self, host: str, name: str, value: Any) -> None:
        """Set a variable of a host."""
        self.hosts[host].set_variable(name, value)
        self.composed.setdefault(host, {})[name] = value

    def add_group(self, group: str) -> str:
        """Make a group, and return its name."""
        if not group:
            raise AnsibleParserError("an expression gives a group without a name")
        self._members.setdefault(group, {})
        return group

    def add_host(self, host: str, group: str) -> str:
        """Put a host into a group, and return its name."""
        self._members[group][host] = None
        return host

    def add_child(self, group: str, child: str) -> None:
        """Put a host or a group into a group."""
        if child in self.hosts:
            self.add_host(child, group)
        else:
            self._children[group, child] = None

    def _group(self, name: str) -> Group:
        """Return a group of the inventory, or a new one that looks as it will."""
        # A stub, because the group does not exist until apply().
        found = self._inventory.groups.get(name) or self._stubs.get(name)
        if found is None:
            found = self._stubs[name] = Group(name)
        return found

# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An inventory whose hosts, groups and variables come ready-made from a file beside the source.

No plugin that gives Ansible the same can be faster than this, but for the little that reading the file takes.
"""

from __future__ import annotations

DOCUMENTATION = """
name: bench_floor
short_description: Hosts from memory
description: Adds what SOURCE.marshal holds.
author: dom0.xend contributors (@dom0-xend)
options: {}
"""

import marshal
from pathlib import Path
from typing import TYPE_CHECKING

from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.utils.vars import combine_vars

if TYPE_CHECKING:
    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader


class InventoryModule(BaseInventoryPlugin):
    """The plugin."""

    NAME = "bench_floor"

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Add everything."""
        super().parse(inventory, loader, path, cache)
        groups, hosts = marshal.loads(Path(f"{path}.marshal").read_bytes())  # noqa: S302 - made by this benchmark
        for group in groups:
            inventory.add_group(group)
        for host, its_groups, variables in hosts:
            for group in its_groups:
                inventory.add_host(host, group=group)
            known = inventory.hosts[host]  # as ours does; through the inventory, each value would be noted an origin
            known.vars = combine_vars(known.vars, variables)

# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An inventory that adds nothing: what Ansible itself takes to read any source with a plugin."""

from __future__ import annotations

DOCUMENTATION = """
name: bench_empty
short_description: Nothing
description: Adds nothing.
author: dom0.xend contributors (@dom0-xend)
options: {}
"""

from ansible.plugins.inventory import BaseInventoryPlugin


class InventoryModule(BaseInventoryPlugin):
    """The plugin."""

    NAME = "bench_empty"

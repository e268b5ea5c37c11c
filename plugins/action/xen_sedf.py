# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the work of the module xen_sedf in the controller."""

from __future__ import annotations

from ansible_collections.dom0.xend.plugins.modules.xen_sedf import WORK
from ansible_collections.dom0.xend.plugins.plugin_utils._action import XendAction


class ActionModule(XendAction):
    """Does the work of xen_sedf."""

    work = WORK

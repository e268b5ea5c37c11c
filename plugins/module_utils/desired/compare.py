# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a domain is not as declared, and what can be done about it. No I/O.

Each difference ends in one of these ways: an operation that changes it live, or an entry of ``drift`` that says that it
takes a new domain (``recreate``), goes with the next start of a definition (``next_start``), can be changed live, but not as
long as the domain is paused (``live``), or not without leave (``change_vbds``).
"""

from __future__ import annotations

from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import Desired
from ansible_collections.dom0.xend.plugins.module_utils.fields.field import Comparison, Pair
from ansible_collections.dom0.xend.plugins.module_utils.fields.table import FIELDS
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain


def compare(found: Domain, desired: Desired) -> Comparison:
    """Return what *desired* asks of *found*, a domain that lives or a definition."""
    result = Comparison()
    if not (desired.options or desired.config):
        return result
    pair = Pair(desired.declared(found.release), found, desired, result)
    for field in FIELDS:
        if field.compare is not None:
            field.compare(pair)
    return result

# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare a domain with its declaration. No I/O.

Each difference becomes an operation that changes it live, or an entry of ``drift`` that says what it needs: a new domain
(``recreate``), the next start of a definition (``next_start``), a domain that is not paused (``live``), or permission
(``change_vbds``).
"""

from __future__ import annotations

from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import Desired
from ansible_collections.dom0.xend.plugins.module_utils.fields.field import Comparison, Pair
from ansible_collections.dom0.xend.plugins.module_utils.fields.table import FIELDS
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain


def compare(found: Domain, desired: Desired) -> Comparison:
    """Return the operations and the drift between *desired* and *found*, a living domain or a definition."""
    result = Comparison()
    if not (desired.options or desired.config):
        return result
    pair = Pair(desired.declared(found.release), found, desired, result)
    for field in FIELDS:
        if field.compare is not None:
            field.compare(pair)
    return result

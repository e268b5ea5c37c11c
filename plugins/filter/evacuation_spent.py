# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Say which files of an evacuation are no longer wanted. How that is done is in plugin_utils/_evacuation.py."""

from __future__ import annotations

DOCUMENTATION = r"""
name: evacuation_spent
short_description: Decide which files of guests that are back are no longer wanted
version_added: 0.1.0
description:
  - Takes the journal of an evacuation whose guests are all back. The files that they were restored from are spent. A guest
    must not be restored from a spent file, because its disks have changed since.
  - This is what the role P(dom0.xend.evacuate#role) does when all guests are back. It removes no file.
author:
  - dom0.xend contributors (@dom0-xend)
options:
  _input:
    description: The journal, as RV(dom0.xend.evacuation_plan#filter:_value) has it.
    type: dict
    required: true
  keep:
    description: How many spent files of each guest stay, the newest ones. V(-1) keeps all.
    type: int
    default: -1
seealso:
  - plugin: dom0.xend.evacuation_plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show which files can be removed if one of each guest is to stay
  ansible.builtin.debug:
    msg: "{{ (lookup('ansible.builtin.file', 'park/dom0a.json') | from_json | dom0.xend.evacuation_spent(keep=1)).unwanted }}"
"""

RETURN = r"""
_value:
  description: What is left.
  type: dict
  contains:
    journal:
      description: The journal, with the files that stay in C(spent). It is empty if there are none.
      type: dict
    unwanted:
      description: Paths of the files to remove.
      type: list
      elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.desired.entries import plain
from ansible_collections.dom0.xend.plugins.plugin_utils._evacuation import after_return


def evacuation_spent(journal: Mapping[str, Any], *, keep: int = -1) -> dict[str, Any]:
    """Return what is left, as documented above."""
    return after_return(plain(journal), int(keep))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by their names."""
        return {"evacuation_spent": evacuation_spent}

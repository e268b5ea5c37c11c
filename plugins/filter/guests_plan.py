# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter guests_plan. The work is done in plugin_utils/guests."""

from __future__ import annotations

DOCUMENTATION = r"""
name: guests_plan
short_description: Make a plan from a list of guests and what xend has
version_added: 0.1.0
description:
  - Merges defaults into the guests of a list, checks them all, and puts them into the order in which they can be dealt with.
  - This is what the role P(dom0.xend.guests#role) does before it changes anything. It sends nothing to xend.
author:
  - dom0.xend contributors (@dom0-xend)
positional: _input, defaults
options:
  _input:
    description: The guests, as C(guests_list) of the role P(dom0.xend.guests#role) takes them.
    type: list
    elements: dict
    required: true
  defaults:
    description: What the guests have in common, as C(guests_defaults) of the role.
    type: dict
    default: {}
  host:
    description: Name of the host. A mark made with it is that of no other host.
    type: str
    required: true
  list_name:
    description: Name of the list. A mark made with it is that of no other list on the host.
    type: str
    default: default
  domains:
    description:
      - What xend has, as RV(dom0.xend.xen_domain_info#module:domains).
      - Without it, the list is checked and no steps are returned.
    type: list
    elements: dict
  prune:
    description: Whether domains that carry a mark of the list, or match O(prune_pattern), and are not in the list are to go.
    type: bool
    default: false
  prune_pattern:
    description: Regular expression for the whole name of further domains to prune. None, if it is empty.
    type: str
    default: ""
  prune_options:
    description: Options of M(dom0.xend.xen_domain) for what is pruned, besides its name and state.
    type: dict
    default: {}
seealso:
  - plugin: dom0.xend.guests
    plugin_type: role
    description: Does what the plan says.
"""

EXAMPLES = r"""
- name: Ask for what is there
  dom0.xend.xen_domain_info:
  register: there

- name: Show in which order guests would be dealt with
  ansible.builtin.debug:
    msg: "{{ plan.problems or plan.steps }}"
  vars:
    plan: "{{ guests_list | dom0.xend.guests_plan(host=inventory_hostname, domains=there.domains) }}"
    guests_list:
      - name: web1
        after: [db1]
        state: stopped
      - name: db1
        state: stopped
"""

RETURN = r"""
_value:
  description: What is to be done.
  type: dict
  contains:
    problems:
      description: What is wrong, a sentence for each fault. As long as there is one, the rest is empty.
      type: list
      elements: str
    warnings:
      description: What can do harm later, a sentence each.
      type: list
      elements: str
    steps:
      description: The names in the order in which they are dealt with. Those of a step do not depend on each other.
      type: list
      elements: list
    guests:
      description:
        - For each name the options of M(dom0.xend.xen_domain), which may hold secrets.
        - A guest that is to run and to be waited for has C(wait_for), with C(host), C(port) and C(timeout).
      type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.desired.entries import plain
from ansible_collections.dom0.xend.plugins.plugin_utils.guests.plan import Marks, Pruning, plan


def guests_plan(
    guests: Any,
    defaults: Any = None,
    *,
    host: str,
    list_name: str = "default",
    domains: Optional[Sequence[Mapping[str, Any]]] = None,
    prune: bool = False,
    prune_pattern: str = "",
    prune_options: Optional[Mapping[str, Any]] = None,
) -> dict[str, Any]:
    """Return the plan for the guests of a list, as documented above."""
    pruning = Pruning(prune, str(prune_pattern), plain(prune_options or {}))
    marks = Marks(str(host), str(list_name))
    return asdict(plan(plain(guests), plain({} if defaults is None else defaults), marks, pruning, domains))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by their names."""
        return {"guests_plan": guests_plan}

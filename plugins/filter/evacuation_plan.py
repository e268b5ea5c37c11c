# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the journal of an evacuation. How that is done is in plugin_utils/_evacuation.py."""

from __future__ import annotations

DOCUMENTATION = r"""
name: evacuation_plan
short_description: Decide how the guests of a host leave it
version_added: 0.1.0
description:
  - Puts the guests of a host into the order in which they leave it, each with where it goes, and checks that they can.
  - This is what the role P(dom0.xend.evacuate#role) does before it changes anything. It sends nothing to xend.
author:
  - dom0.xend contributors (@dom0-xend)
options:
  _input:
    description: What the host has, as RV(dom0.xend.xen_domain_info#module:domains).
    type: list
    elements: dict
    required: true
  host:
    description: Name of the host.
    type: str
    required: true
  order:
    description: Guests with their C(name) and C(after), as C(guests_list) of the role P(dom0.xend.guests#role).
    type: list
    elements: dict
    default: []
  journal:
    description:
      - The journal of an evacuation that has begun. The guests in it that have left stay in it. For guests that are still on the
        host, the plan is made anew, from the other options.
    type: dict
    default: {}
  destination:
    description: Host that the guests are migrated to. Without it they are saved.
    type: str
  destination_url:
    description: Where the xend of O(destination) listens.
    type: str
  there:
    description: What O(destination) has, as RV(dom0.xend.xen_domain_info#module:domains).
    type: list
    elements: dict
    default: []
  free_memory:
    description: MiB that are free on O(destination).
    type: int
  save_dir:
    description: Folder on the host for the files of guests that are saved. C(/var/lib/xen/save) is refused.
    type: str
    default: /var/lib/xen
  stamp:
    description: What the names of the files of no other evacuation have in them.
    type: str
    default: ""
  guests:
    description: Names of the guests that leave, as a list, or as a text with commas. All leave if this is empty.
    type: list
    elements: str
    default: []
seealso:
  - plugin: dom0.xend.evacuate
    plugin_type: role
    description: Does what the journal says.
"""

EXAMPLES = r"""
- name: Ask for what is there
  dom0.xend.xen_domain_info:
  register: here

- name: Show in which order the guests would leave, and to which files
  ansible.builtin.debug:
    msg: "{{ plan.problems or plan.journal.guests }}"
  vars:
    plan: "{{ here.domains | dom0.xend.evacuation_plan(host=inventory_hostname, order=order, stamp='1') }}"
    order:
      - name: db1
      - name: web1
        after: [db1]
"""

RETURN = r"""
_value:
  description: The plan.
  type: dict
  contains:
    problems:
      description: What forbids the evacuation, a sentence each. As long as there is one, the journal is empty.
      type: list
      elements: str
    journal:
      description:
        - C(host), C(phase), C(guests) in the order in which they leave, and C(spent), the files of earlier evacuations.
        - Each guest has C(name), C(uuid), C(memory), C(state), and C(file) or C(destination) and C(destination_url).
      type: dict
    leaving:
      description: Names of the guests in the journal that are still on the host.
      type: list
      elements: str
    needs:
      description: Paths of bridges and disks that have to exist on O(destination), each with C(path) and C(guest).
      type: list
      elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional, Union

from ansible_collections.dom0.xend.plugins.module_utils.desired.entries import plain
from ansible_collections.dom0.xend.plugins.plugin_utils._evacuation import Destination, Evacuation


def evacuation_plan(  # noqa: PLR0913 - each is an option
    domains: Sequence[Mapping[str, Any]],
    *,
    host: str,
    order: Sequence[Mapping[str, Any]] = (),
    journal: Optional[Mapping[str, Any]] = None,
    destination: Optional[str] = None,
    destination_url: Optional[str] = None,
    there: Sequence[Mapping[str, Any]] = (),
    free_memory: Optional[int] = None,
    save_dir: str = "/var/lib/xen",
    stamp: str = "",
    guests: Union[str, Sequence[object]] = (),
) -> dict[str, Any]:
    """Return the plan, as documented above."""
    target = Destination(str(destination), str(destination_url), plain(there), free_memory) if destination else None
    # -e park_guests=web1,db1 is a text, and a name of digits is a number.
    names = guests.split(",") if isinstance(guests, str) else guests
    chosen = [name for name in (str(each).strip() for each in names) if name]
    return Evacuation(
        str(host), plain(domains), plain(order), plain(journal or {}), target, str(save_dir), str(stamp), chosen
    ).plan()


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by their names."""
        return {"evacuation_plan": evacuation_plan}

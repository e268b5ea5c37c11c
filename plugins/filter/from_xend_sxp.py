# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter from_xend_sxp. The work is done in plugin_utils/xm/listing.py."""

from __future__ import annotations

DOCUMENTATION = r"""
name: from_xend_sxp
short_description: Turn what xm list --long shows into options of xen_domain
version_added: 0.1.0
author:
  - dom0.xend contributors (@dom0-xend)
description:
  - Reads s-expressions of xend, one or several. C(xm list --long) prints them, and C(xm create --dryrun), and they are
    what O(dom0.xend.xen_domain#module:config) takes. Returns the options of M(dom0.xend.xen_domain) that describe the same domains.
  - UUID, MAC addresses and disks are those that the domain has. What is true only while it lives, such as its id, its state and
    the ids of its devices, is left out.
  - Passwords for VNC are among the options, and never in a note or an error.
positional: _input
options:
  _input:
    description: Text of the s-expressions.
    type: str
    required: true
seealso:
  - plugin: dom0.xend.from_xm_config
    plugin_type: filter
  - module: dom0.xend.xen_domain
  - module: dom0.xend.xen_domain_info
notes:
  - Some releases leave a paused domain out of such a listing.
  - What is set as xend sets it if nobody says anything, such as a weight of 256, is left out.
"""

EXAMPLES = r"""
- name: Ask a host for its domains
  ansible.builtin.command: xm list --long
  register: listing
  changed_when: false

- name: Show how they would be declared
  ansible.builtin.debug:
    msg: "{{ listing.stdout | dom0.xend.from_xend_sxp | map(attribute='options') | select }}"

- name: Show one, from a text at hand
  ansible.builtin.debug:
    msg: "{{ '(vm (name web1) (memory 64) (image (linux (kernel /boot/vmlinuz))))' | dom0.xend.from_xend_sxp | first }}"
"""

RETURN = r"""
_value:
  description: The domains, in the order of the text. Always a list, even for one.
  type: list
  elements: dict
  contains:
    options:
      description: Options of M(dom0.xend.xen_domain). Empty for the control domain.
      type: dict
      sample: {name: web1, memory: 64, image: {type: linux, kernel: /boot/vmlinuz}}
    notes:
      description: What has no equal.
      type: list
      elements: str
      sample: ["cpus differ from vcpu to vcpu, where the option is for all of them"]
"""

from collections.abc import Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.dom0.xend.plugins.plugin_utils.xm.errors import XmError
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.listing import convert


def from_xend_sxp(text: object) -> list[dict[str, object]]:
    """Return options and notes for each domain in *text*. Raises AnsibleFilterError for a text that is refused."""
    if not isinstance(text, str):
        raise AnsibleFilterError("from_xend_sxp: the text of s-expressions is needed")
    try:
        return [{"options": options, "notes": notes} for options, notes in convert(str(text))]
    except XmError as error:
        raise AnsibleFilterError(f"from_xend_sxp: {error}") from None


class FilterModule:
    """The filter, as Ansible looks for it."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"from_xend_sxp": from_xend_sxp}
